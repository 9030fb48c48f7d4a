import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parsePolicies, printPolicy } from '../src/index.ts';

test('what is printed is the same where YAML is 1.1, as in Kubernetes', () => {
  const texts = ['yes', 'on', 'n', '12:30', '1_000', '0b1', '0o7', '010', '~', '2001-01-01', '<<'];
  const annotations = Object.fromEntries(texts.map((text, i) => [`a${i}`, text]));
  const { policies } = parsePolicies(
    JSON.stringify({
      apiVersion: 'meshkeeper.io/v1',
      kind: 'ServicePolicy',
      metadata: { name: 'a', annotations },
      spec: { targetRefs: [{ name: 'a' }] },
    }),
  );
  const printed = printPolicy(policies[0]!.policy);
  for (const version of ['1.1', '1.2'] as const)
    assert.deepEqual(parse(printed, { version }).metadata.annotations, annotations, version);
});
