import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_WEIGHT,
  type Endpoint,
  NO_LOCALITY,
  type Service,
  type ServiceChange,
} from '@meshkeeper/mesh';
import { encodeResource, type Judged } from '@meshkeeper/xds';
import { KINDS, planChanges } from '../src/propagation/plan.ts';
import { Receipts } from '../src/propagation/receipts.ts';
import { Tracker } from '../src/propagation/tracker.ts';

const EDS = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';
const CDS = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

test('a plan has a third of each kind, and no instance twice', () => {
  const present = Array.from({ length: 200 }, (_, i) => ({ service: 'a', id: `old-${i}` }));
  let serial = 0;
  const fresh = () => ({ service: 'a', id: `new-${serial++}` });
  const changes = planChanges(present, 300, fresh, Math.random);
  for (const kind of KINDS) assert.equal(changes.filter((one) => one.kind === kind).length, 100);
  assert.equal(new Set(changes.map(({ id }) => id)).size, 300);
  assert.throws(() => planChanges(present, 303, fresh, Math.random), RangeError);
});

test('a change is acknowledged by a response that was sent after it was published', () => {
  const tracker = new Tracker();
  const before = service(['changed', 1n], ['kept', 2n], ['removed', 3n]);
  const after = service(['added', 5n], ['changed', 4n], ['kept', 2n]);
  const change: ServiceChange = { type: 'updated', name: 'a', before, after };
  tracker.published([change], 10);
  tracker.acked(judged(EDS, 'a', 9), 11);
  tracker.acked(judged(EDS, 'b', 12), 13);
  tracker.acked(judged(CDS, 'a', 12), 13);
  assert.deepEqual(tracker.take(), {
    applied: [],
    responses: { endpoints: 2, others: 1, rejected: 0 },
  });
  tracker.acked(judged(EDS, 'a', 10), 14);
  tracker.acked(judged(EDS, 'a', 15), 16);
  const { applied } = tracker.take();
  assert.deepEqual(
    applied,
    ['added', 'changed', 'removed'].map((id) => ({ id, ackedAt: 14 })),
  );
});

test('a change has been received when the last receiver has it', () => {
  const receipts = new Receipts(['one', 'other']);
  const any = (...addresses: string[]) =>
    encodeResource('endpoint', {
      endpoints: addresses.map((address) => ({
        lbEndpoints: [{ endpoint: { address: { socketAddress: { address, portValue: 80 } } } }],
      })),
    });
  receipts.expect({ kind: 'added', service: 'a', id: 'new' }, '10.0.0.1');
  receipts.expect({ kind: 'removed', service: 'a', id: 'old' }, '10.0.0.2');
  receipts.received('one', 'a', any('10.0.0.11', '10.0.0.2'), 1);
  receipts.received('other', 'a', any('10.0.0.1', '10.0.0.2'), 2);
  receipts.received('one', 'b', any('10.0.0.1'), 3);
  assert.deepEqual([[...receipts.receivedAt], receipts.isComplete], [[], false]);
  receipts.received('one', 'a', any('10.0.0.1', '10.0.0.2'), 4);
  receipts.received('one', 'a', any('10.0.0.1'), 5);
  receipts.received('one', 'a', any('10.0.0.1'), 6);
  receipts.received('other', 'a', any('10.0.0.1'), 7);
  assert.deepEqual(
    [...receipts.receivedAt],
    [
      ['new', 4],
      ['old', 7],
    ],
  );
  assert.ok(receipts.isComplete);
});

function service(...endpoints: readonly (readonly [id: string, mzxid: bigint])[]): Service {
  return {
    name: 'a',
    protocol: 'http',
    endpoints: endpoints.map(([id, mzxid]): Endpoint => {
      const origin = { registry: 'curator', path: `/${id}`, czxid: 1n, mzxid, mtime: 0 };
      const rest = { weight: DEFAULT_WEIGHT, locality: NO_LOCALITY, metadata: {}, origin };
      return { id, address: '10.0.0.1', port: 8080, health: 'unknown', ...rest };
    }),
  };
}

function judged(typeUrl: string, name: string, sentAt: number): Judged {
  const proxy: Judged['proxy'] = {
    ...{ stream: 1, variant: 'delta', id: 'envoy', cluster: 'gateway', locality: NO_LOCALITY },
    ...{ userAgent: 'envoy', userAgentVersion: '1', peer: '', connectedSince: 0 },
  };
  return { proxy, typeUrl, version: '1', names: [name], sentAt };
}
