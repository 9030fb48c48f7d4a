import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Policies } from '@meshkeeper/mesh';
import {
  compilePolicies,
  type Policy,
  parsePolicies,
  policyFor,
  policyId,
} from '@meshkeeper/policy';
import fc from 'fast-check';
import { written } from '../arbitrary.ts';
import { scene } from './scenes.ts';

const RUNS = process.env.MESHKEEPER_SOAK ? 10_000 : 300;
const NAMES = ['orders', 'carts', 'ordinary', 'x', ''];

/** All that there is in compiled policies, by where it is found. */
function parts(policies: Policies): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...[...policies.routes].map(([name, routes]) => [`route ${name}`, routes] as const),
    ...policies.gateways.flatMap(({ name, listeners }) =>
      listeners.map((listener) => [`listener ${name} ${listener.name}`, listener] as const),
    ),
    ...NAMES.flatMap((name) => [
      [`settings ${name}`, policies.settings(name)] as const,
      [`fault ${name}`, policies.fault(name)] as const,
      [`limits ${name}`, policies.rateLimits(name)] as const,
    ]),
  ]);
}

describe('compiled policies', () => {
  test('are the same object while nothing changes, whatever order the policies have', () => {
    fc.assert(
      fc.property(
        scene().chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          const first = compilePolicies(all);
          assert.equal(compilePolicies(shuffled, first), first);
          assert.deepEqual(parts(compilePolicies(shuffled)), parts(first));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('keep all that has not changed as the same objects', () => {
    fc.assert(
      fc.property(scene(), scene(), ([removed, ...kept], added) => {
        const ids = new Set(kept.map(policyId));
        const next = [...kept, ...added.filter((policy) => !ids.has(policyId(policy)))];
        const before = compilePolicies(removed === undefined ? kept : [removed, ...kept]);
        const after = compilePolicies(next, before);
        const fresh = parts(compilePolicies(next));
        const [old, now] = [parts(before), parts(after)];
        assert.deepEqual(now, fresh, 'sharing changes nothing');
        for (const [where, part] of now)
          assert.equal(part === old.get(where), isDeepEqual(part, old.get(where)), where);
      }),
      { numRuns: RUNS },
    );
  });

  test('say the same object of a service each time, however many are asked for', () => {
    fc.assert(
      fc.property(scene('ServicePolicy', 'RateLimitPolicy'), (all) => {
        const compiled = compilePolicies(all);
        for (const name of NAMES) {
          assert.equal(compiled.settings(name), compiled.settings(name));
          assert.equal(compiled.rateLimits(name), compiled.rateLimits(name));
          const counts = policyFor(name, all);
          assert.equal(compiled.settings(name)?.origin.path, counts && policyId(counts));
        }
      }),
      { numRuns: RUNS },
    );
    const { policies } = parsePolicies(
      '{ apiVersion: meshkeeper.io/v1, kind: ServicePolicy, metadata: { name: a }, spec: { targetRefs: [{ name: "s*" }] } }',
    );
    const compiled = compilePolicies(policies.map(({ policy }) => policy));
    const first = compiled.settings('s');
    for (let i = 0; i < 30_000; i++) assert.equal(compiled.settings(`s${i}`), first);
    assert.equal(compiled.settings('t'), undefined);
    assert.equal(compiled.settings('s'), first);
  });

  test('come of any policies', () => {
    const kinds = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'Gateway', 'ServicePolicy'] as const;
    const one = fc.oneof(
      ...[...kinds, 'FaultPolicy', 'RateLimitPolicy'].map((kind) => written(kind as 'Gateway')),
    );
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), (values) => {
        const text = values.map((value) => JSON.stringify(value)).join('\n---\n');
        const all: Policy[] = parsePolicies(text).policies.map(({ policy }) => policy);
        const compiled = compilePolicies(all);
        assert.equal(compilePolicies(all, compiled), compiled);
        for (const [where, part] of parts(compiled)) assertNumbers(part, where);
      }),
      { numRuns: Math.ceil(RUNS / 3) },
    );
  });
});

/** A duration that could not be read would be none. */
function assertNumbers(value: unknown, where: string): void {
  assert.ok(!Number.isNaN(value), where);
  if (typeof value !== 'object' || value === null) return;
  const inner = value instanceof Map ? [...value] : Object.entries(value);
  for (const [key, item] of inner) assertNumbers(item, `${where}.${key}`);
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
