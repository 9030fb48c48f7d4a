import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoadReport } from '@meshkeeper/xds';
import { LoadStore } from '../../src/load/load-store.ts';

const NOTHING = { issued: 0, succeeded: 0, failed: 0, inProgress: 0 };

function report(proxy: string, cluster: string, ports: Record<number, number>): LoadReport {
  const endpoints = Object.entries(ports).map(([port, issued]) => ({
    ...{ address: '10.0.0.1', port: Number(port) },
    ...{ issued, succeeded: issued - 1, failed: 1, inProgress: 2 },
  }));
  const total = { ...NOTHING };
  for (const { issued, succeeded, failed, inProgress } of endpoints) {
    total.issued += issued;
    total.succeeded += succeeded;
    total.failed += failed;
    total.inProgress += inProgress;
  }
  const locality = { region: '', zone: '', subzone: '' };
  return {
    ...{ proxy, cluster, interval: 10_000, dropped: 3 },
    localities: [{ locality, priority: 0, ...total, endpoints }],
  };
}

function stage() {
  const clock = { now: 0 };
  const store = new LoadStore(() => clock.now);
  const tell = (...reports: LoadReport[]) => store.observer.loadReported?.(reports);
  return { clock, store, tell };
}

const none = () => false;

describe('load reports', () => {
  test('are rates of the last interval, and the newest replaces the one before', () => {
    const { store, tell } = stage();
    tell(report('p1', 'shop', { 80: 100 }));
    tell(report('p1', 'shop', { 80: 50 }), report('p1', 'cart', { 80: 200, 81: 20 }));
    const [cart, shop] = store.ofProxy('p1');
    assert.deepEqual(
      [cart?.cluster, cart?.requestsPerSecond, cart?.errorsPerSecond, cart?.inProgress],
      ['cart', 22, 0.2, 4],
    );
    assert.deepEqual([shop?.cluster, shop?.requestsPerSecond, shop?.dropped], ['shop', 5, 3]);
    assert.deepEqual(store.ofProxy('p2'), []);
  });

  test('of an endpoint are those of all data planes, with the subsets of its service', () => {
    const { store, tell } = stage();
    tell(report('p1', 'shop', { 80: 100 }), report('p2', 'shop/canary', { 80: 10, 81: 10 }));
    tell(report('p2', 'shop/other', { 80: 1_000 }), report('p2', 'shopping', { 80: 1_000 }));
    const loads = store.ofService('shop', (name) => name === 'shop/other');
    const { requestsPerSecond, errorsPerSecond, inProgress, proxies } = loads!('10.0.0.1', 80);
    assert.deepEqual([requestsPerSecond, errorsPerSecond, inProgress, proxies], [11, 0.2, 4, 2]);
    assert.equal(loads!('10.0.0.1', 99).requestsPerSecond, 0, 'nobody sent it anything');
    assert.equal(store.ofService('cart', none), undefined, 'nobody has reported');
  });

  test('that were not renewed say nothing of now', () => {
    const { clock, store, tell } = stage();
    tell(report('p1', 'shop', { 80: 100 }));
    clock.now = 30_000;
    assert.equal(store.ofProxy('p1').length, 1);
    clock.now = 30_001;
    assert.deepEqual(store.ofProxy('p1'), []);
    assert.equal(store.ofService('shop', none), undefined);
  });

  test('are bounded: the oldest goes', () => {
    const { store, tell } = stage();
    for (let i = 0; i < 20_001; i++) tell(report('p1', `c${i}`, {}));
    const kept = store.ofProxy('p1').map(({ cluster }) => cluster);
    assert.deepEqual(
      [kept.length, kept.includes('c0'), kept.includes('c20000')],
      [20_000, false, true],
    );
    const ports = Object.fromEntries(Array.from({ length: 1_500 }, (_, port) => [port + 1, 2]));
    tell(report('p2', 'wide', ports));
    const [wide] = store.ofProxy('p2');
    assert.deepEqual([wide?.endpoints.length, wide?.issued], [1_000, 3_000]);
  });

  test('an interval of nothing is no division by zero', () => {
    const { store, tell } = stage();
    tell({ ...report('p1', 'shop', { 80: 5 }), interval: 0 });
    assert.equal(store.ofProxy('p1')[0]?.requestsPerSecond, 0);
  });
});
