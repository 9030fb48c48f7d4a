import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkPolicies, compilePolicies, type Policy, policyId } from '@meshkeeper/policy';
import { names, policies, route, subset, type Written } from './written.ts';

const ANY = [{ backendRefs: [{ name: 'any' }] }];

/** The same, as a platform has it since then. */
function since(creationTimestamp: string, written: Written): Policy {
  const [policy] = policies([written]);
  return { ...policy!, metadata: { ...policy!.metadata, creationTimestamp } } as Policy;
}

const rules = (...all: readonly Policy[]) => compilePolicies(all).routes.get('orders')?.rules;
const settings = (name: string): Written => [
  `ServicePolicy/${name}`,
  { targetRefs: [{ name: 'orders' }], timeouts: { request: '1s' } },
];

describe('of what is equally exact', () => {
  const old = since('2026-01-01T00:00:00.000Z', route('HTTPRoute/z', ANY));
  const young = since('2026-01-02T00:00:00.000Z', route('HTTPRoute/a', ANY));
  const [applied] = policies([route('HTTPRoute/zz', ANY)]);

  test("an operator's goes before a platform's, and the oldest of those before the others", () => {
    assert.equal(
      names(rules(young, old, applied!)),
      'HTTPRoute/zz #0, HTTPRoute/z #0, HTTPRoute/a #0',
    );
    const [own] = policies([settings('zz')]);
    const [first, second] = ['2026-01-01', '2026-01-02'].map((day, i) =>
      since(`${day}T00:00:00.000Z`, settings(i === 0 ? 'z' : 'a')),
    );
    const counts = (...all: readonly Policy[]) =>
      compilePolicies(all).settings('orders')?.origin.path;
    assert.equal(counts(second!, first!), 'ServicePolicy/z');
    assert.equal(counts(second!, first!, own!), 'ServicePolicy/zz');
    const found = checkPolicies({ policies: [second!, own!, first!], services: [] });
    const overlaps = found.filter(({ code }) => code === 'policy-overlap');
    assert.deepEqual(overlaps.map(({ policy }) => policyId(policy)).sort(), [
      'ServicePolicy/a',
      'ServicePolicy/z',
    ]);
  });

  test('what was made anew goes behind, though it says the same', () => {
    const before = compilePolicies([old, young]);
    const again = since('2026-01-03T00:00:00.000Z', route('HTTPRoute/z', ANY));
    const after = compilePolicies([again, young], before);
    assert.equal(names(after.routes.get('orders')?.rules), 'HTTPRoute/a #0, HTTPRoute/z #0');
    const [first, second, anew] = ['1', '2', '3'].map((day) =>
      since(`2026-01-0${day}T00:00:00.000Z`, settings(day === '2' ? 'a' : 'z')),
    );
    const one = compilePolicies([first!, second!]);
    assert.equal(one.settings('orders')?.origin.path, 'ServicePolicy/z');
    const two = compilePolicies([anew!, second!], one);
    assert.equal(two.settings('orders')?.origin.path, 'ServicePolicy/a');
  });

  test("an operator's route holds, whatever kind a platform has", () => {
    const calls = since(
      '2026-01-01T00:00:00.000Z',
      route('GRPCRoute/calls', [{ backendRefs: [subset('orders/v2')] }]),
    );
    assert.equal(names(rules(calls, old)), 'GRPCRoute/calls #0');
    assert.equal(names(rules(calls, applied!)), 'HTTPRoute/zz #0');
  });
});
