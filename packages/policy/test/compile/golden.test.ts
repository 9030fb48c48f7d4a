import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { compilePolicies, type Policy } from '@meshkeeper/policy';
import { policiesOf } from '../support.ts';
import { readable } from './readable.ts';

/** The examples, each with those without which it does nothing. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'http-route': [],
  'grpc-route': ['gateway'],
  'tcp-route': ['gateway'],
  gateway: [],
  'service-policy': [],
  'fault-policy': ['http-route'],
  'rate-limit-policy': [],
};

function examples(names: readonly string[]): Policy[] {
  return names.flatMap((name) =>
    policiesOf(readFileSync(`examples/policies/${name}.yaml`, 'utf8')),
  );
}

/** The services that policies are for, by name. */
function targets(policies: readonly Policy[]): string[] {
  return policies.flatMap((policy) => {
    if (!('targetRefs' in policy.spec)) return [];
    const refs = policy.spec.targetRefs ?? [];
    return refs.flatMap(({ kind, name }) => (kind === 'Service' ? [name] : []));
  });
}

describe('the examples compile to what is in golden/ (MESHKEEPER_GOLDEN=write writes it anew)', () => {
  for (const [name, others] of Object.entries(EXAMPLES))
    test(name, () => {
      const policies = examples([name, ...others]);
      const text = readable(compilePolicies(policies), targets(policies));
      const file = new URL(`golden/${name}.yaml`, import.meta.url);
      if (process.env.MESHKEEPER_GOLDEN === 'write') writeFileSync(file, text);
      assert.equal(text, readFileSync(file, 'utf8'));
    });

  test('all of them', () => {
    const names = readdirSync('examples/policies').map((file) => file.replace(/\.yaml$/, ''));
    assert.deepEqual(names.sort(), Object.keys(EXAMPLES).sort());
  });
});
