import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Deliveries } from '../../src/convergence/deliveries.ts';
import { DepartedProxies } from '../../src/convergence/departed.ts';
import { ProxyChanges } from '../../src/convergence/proxy-changes.ts';
import { RevisionTimes } from '../../src/convergence/revision-times.ts';
import { connectedProxy } from '../connected-proxy.ts';

describe('how far behind', () => {
  test('counts from when the first revision that is lacking was served', () => {
    const times = new RevisionTimes();
    assert.equal(times.lag(0), undefined, 'nothing is served yet');
    for (const revision of [3, 4, 5]) times.published(revision, revision * 10);
    assert.equal(times.lag(5), undefined);
    assert.deepEqual(times.lag(4), { revisions: 1, since: 50 });
    assert.deepEqual(times.lag(3), { revisions: 2, since: 40 });
    assert.deepEqual(times.lag(0), { revisions: 5, since: 30 }, 'the oldest that is known');
  });

  test('keeps the newest revisions only', () => {
    const times = new RevisionTimes();
    for (let revision = 1; revision <= 10_000; revision++) times.published(revision, revision);
    assert.deepEqual(times.lag(9_998), { revisions: 2, since: 9_999 });
    assert.deepEqual(times.lag(1), { revisions: 9_999, since: 10_000 - 4_096 + 1 });
  });
});

describe('data planes that went away', () => {
  const stage = () => {
    const clock = { now: 1_000 };
    const departed = new DepartedProxies(() => clock.now);
    return { clock, departed, observer: departed.observer };
  };

  test('are told with what they had, until they come back', () => {
    const { departed, observer } = stage();
    const before = connectedProxy(1, 'edge');
    observer.connected?.(before);
    observer.applied?.({ proxy: before, revision: 7, at: 5 });
    assert.deepEqual(departed.list, []);
    observer.disconnected?.(before);
    assert.deepEqual(departed.list, [{ proxy: before, at: 1_000, appliedRevision: 7 }]);
    observer.connected?.(connectedProxy(2, 'edge'));
    assert.deepEqual(departed.list, []);
  });

  test('with several streams are gone when the last has ended', () => {
    const { departed, observer } = stage();
    const [a, b] = [connectedProxy(1, 'edge'), connectedProxy(2, 'edge')];
    for (const stream of [a, b]) observer.connected?.(stream);
    observer.disconnected?.(a);
    assert.deepEqual(departed.list, []);
    observer.disconnected?.(b);
    assert.equal(departed.list.length, 1);
  });

  test('are the newest hundred of the last hour, the newest first', () => {
    const { clock, departed, observer } = stage();
    for (let stream = 0; stream < 150; stream++) {
      observer.connected?.(connectedProxy(stream));
      observer.disconnected?.(connectedProxy(stream));
    }
    assert.equal(departed.list.length, 100);
    assert.equal(departed.list[0]?.proxy.id, 'p149');
    clock.now += 3_600_001;
    assert.deepEqual(departed.list, []);
  });
});

test('the newest deliveries of each type are remembered, by stream', () => {
  const { observer, ...deliveries } = stageDeliveries();
  const [a, b] = [connectedProxy(1), connectedProxy(2)];
  const judged = (names: string[], sentAt: number) => ({
    ...{ proxy: a, typeUrl: 'eds', version: 'v', names, sentAt },
  });
  observer.acked?.({ ...judged(['shop', 'cart'], 1), ackedAt: 2 });
  observer.nacked?.({ ...judged(['shop'], 3), nackedAt: 4, message: 'no' });
  const nacked = { verdict: 'nacked', sentAt: 3, judgedAt: 4, message: 'no' };
  assert.deepEqual(deliveries.last(a, 'eds', 'shop'), nacked);
  assert.deepEqual(deliveries.last(a, 'eds', 'cart'), { verdict: 'acked', sentAt: 1, judgedAt: 2 });
  assert.equal(deliveries.last(b, 'eds', 'shop'), undefined);
  assert.equal(deliveries.last(a, 'cds', 'shop'), undefined);
  for (let i = 0; i < 8; i++) observer.acked?.({ ...judged(['other'], 5), ackedAt: 6 });
  assert.equal(deliveries.last(a, 'eds', 'shop'), undefined, 'too long ago');
  observer.disconnected?.(a);
  assert.equal(deliveries.last(a, 'eds', 'other'), undefined);
});

function stageDeliveries() {
  const deliveries = new Deliveries();
  return { observer: deliveries.observer, last: deliveries.last.bind(deliveries) };
}

test('who follows is told at once, once for many changes, and no more after the signal', async () => {
  const changes = new ProxyChanges();
  const stop = new AbortController();
  const told = changes.follow(stop.signal);
  await told.next();
  const second = told.next();
  for (let revision = 0; revision < 5; revision++) changes.observer.served?.(revision);
  assert.equal((await second).done, false);
  const third = told.next();
  stop.abort();
  assert.equal((await third).done, true);
});
