import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPolicies, type Policy, parsePolicies } from '@meshkeeper/policy';

/** A route to subsets and a policy with them, for each of so many services. */
function policies(count: number): Policy[] {
  const texts = Array.from({ length: count }, (_, i) => ({
    text: JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: `r${i}` },
      spec: {
        parentRefs: [{ group: '', kind: 'Service', name: `s${i}` }],
        rules: [{ backendRefs: [{ group: 'meshkeeper.io', kind: 'Subset', name: `s${i}/v1` }] }],
      },
    }),
  }));
  const others = Array.from({ length: count }, (_, i) => ({
    text: JSON.stringify({
      apiVersion: 'meshkeeper.io/v1',
      kind: 'ServicePolicy',
      metadata: { name: `s${i}` },
      spec: { targetRefs: [{ name: `s${i}` }], subsets: [{ name: 'v1', endpoints: 'leader' }] },
    }),
  }));
  const parsed = parsePolicies([...texts, ...others]);
  assert.deepEqual(parsed.issues, []);
  return parsed.policies.map(({ policy }) => policy);
}

/** The shortest of some runs, in milliseconds: what else the machine does is left out. */
function shortest(run: () => void): number {
  return Math.min(
    ...Array.from({ length: 5 }, () => {
      const begun = performance.now();
      run();
      return performance.now() - begun;
    }),
  );
}

test('ten times as many policies and services are not a hundred times the work', () => {
  const took = [200, 2_000].map((count) => {
    const all = policies(count);
    const services = Array.from({ length: count }, (_, i) => {
      // Half of them are missing.
      return { name: i % 2 === 0 ? `s${i}` : `other-${i}`, protocol: 'http' as const };
    });
    const found = checkPolicies({ policies: all, services });
    assert.ok(found.length > count / 2);
    return shortest(() => checkPolicies({ policies: all, services }));
  });
  assert.ok(took[1]! < 40 * took[0]!, `${took}`);
});
