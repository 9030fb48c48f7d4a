import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyView } from '../src/policies/answers.ts';
import { conditionLines, policyTable } from '../src/policies/policy-table.ts';

const route = (namespace: string | undefined, status: object) =>
  ({
    ...{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
    metadata: { name: 'r', ...(namespace !== undefined && { namespace }) },
    spec: { parentRefs: [{ group: '', kind: 'Service', name: 'orders' }], rules: [] },
    status: { conditions: [], appliedAt: '2026-01-01T00:00:00Z', ...status },
  }) as unknown as PolicyView;

test('what a source has says so in the place of who has applied it', () => {
  const rejected = {
    ...{ type: 'Programmed', status: 'False', reason: 'Rejected', message: 'envoy-1: no' },
  };
  const policies = [
    route(undefined, { revision: 7, appliedBy: 'alice' }),
    route('shop@cluster', { source: 'cluster', version: '3', conditions: [rejected] }),
  ];
  const { rows } = policyTable(policies, new Date('2026-01-01T00:01:00Z'));
  assert.deepEqual(rows, [
    ['HTTPRoute', '-', 'r', 'orders', 'Accepted', '7', 'alice', '1m'],
    ['HTTPRoute', 'shop@cluster', 'r', 'orders', 'Rejected', '-', 'source cluster', '1m'],
  ]);
  assert.deepEqual(conditionLines(policies), ['HTTPRoute/shop@cluster/r: envoy-1: no']);
});
