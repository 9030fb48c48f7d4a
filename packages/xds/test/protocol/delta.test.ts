import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brief, Harness, only } from './harness.ts';

describe('incremental', () => {
  test('an ACK is not answered, a change sends that one resource', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a', 'b');
    const first = only(stream.pull());
    assert.deepEqual(brief([first]), ['endpoint: a b']);
    assert.equal(stream.ack(first)?.type, 'acked');
    assert.deepEqual(stream.pull(), []);
    harness.set('endpoint', { b: 2, c: 1 });
    assert.deepEqual(brief(stream.pull()), ['endpoint: b']);
  });

  test('a stale nonce does not void a change of subscriptions', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a');
    const old = only(stream.pull());
    stream.ack(old);
    harness.set('endpoint', { a: 2 });
    only(stream.pull());
    assert.equal(stream.ack(old, { resourceNamesSubscribe: ['b'] }), undefined);
    assert.deepEqual(brief(stream.pull()), ['endpoint: b']);
  });

  test('a name that is subscribed to again is sent again', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a');
    stream.ack(only(stream.pull()));
    stream.subscribe('endpoint', 'a');
    assert.deepEqual(brief(stream.pull()), ['endpoint: a']);
  });

  test('a name that does not exist is said to be removed, and sent when it appears', () => {
    const harness = new Harness();
    const stream = harness.delta();
    stream.subscribe('endpoint', 'late');
    const none = only(stream.pull());
    assert.deepEqual(brief([none]), ['endpoint: -late']);
    stream.ack(none);
    harness.set('endpoint', { late: 1 });
    assert.deepEqual(brief(stream.pull()), ['endpoint: late']);
  });

  test('a name that is unsubscribed from under a wildcard is answered', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1 });
    const stream = harness.delta();
    stream.subscribe('cluster', '*', 'a', 'gone');
    stream.ack(only(stream.pull()));
    stream.unsubscribe('cluster', 'a', 'gone');
    assert.deepEqual(brief(stream.pull()), ['cluster: a -gone']);
  });

  test('a name that is unsubscribed from is not sent any more', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a');
    stream.ack(only(stream.pull()));
    stream.unsubscribe('endpoint', 'a');
    assert.deepEqual(stream.pull(), []);
    harness.set('endpoint', { a: 2 });
    assert.deepEqual(stream.pull(), []);
  });

  test('initial versions: only what differs is sent, and what is gone is removed', () => {
    const harness = new Harness();
    harness.set('cluster', { same: 1, changed: 2, fresh: 1 });
    const same = harness.sets.cluster.get('same')?.version ?? '';
    const stream = harness.delta();
    stream.request('cluster', {
      initialResourceVersions: { same, changed: 'old', gone: 'old' },
    });
    const sent = stream.pull();
    stream.ack(only(sent));
    assert.deepEqual(brief([...sent, ...stream.pull()]), [
      'cluster: changed fresh',
      'cluster: -gone',
    ]);
  });

  test('initial versions of names, without a wildcard', () => {
    const harness = new Harness();
    harness.set('endpoint', { same: 1, changed: 2 });
    const same = harness.sets.endpoint.get('same')?.version ?? '';
    const stream = harness.delta();
    stream.request('endpoint', {
      resourceNamesSubscribe: ['same', 'changed', 'gone'],
      initialResourceVersions: { same, changed: 'old', gone: 'old', unasked: 'old' },
    });
    const sent = stream.pull();
    stream.ack(only(sent));
    assert.deepEqual(brief([...sent, ...stream.pull()]), ['endpoint: changed', 'endpoint: -gone']);
  });

  test('legacy wildcard: a first request without names; it ends with an unsubscription of *', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.request('cluster');
    stream.ack(only(stream.pull()), { resourceNamesSubscribe: ['a'] });
    stream.ack(only(stream.pull()));
    harness.set('cluster', { b: 2 });
    const still = only(stream.pull());
    assert.deepEqual(brief([still]), ['cluster: b']);
    stream.ack(still, { resourceNamesUnsubscribe: ['*'] });
    harness.set('cluster', { a: 3, b: 3 });
    assert.deepEqual(brief(stream.pull()), ['cluster: a']);
  });

  test('a first wildcard request is answered although there is nothing', () => {
    const stream = new Harness().delta();
    stream.request('listener');
    assert.deepEqual(brief(stream.pull()), ['listener:']);
    const other = new Harness().delta();
    other.request('endpoint');
    assert.deepEqual(other.pull(), [], 'endpoints have no legacy wildcard');
  });

  test('a NACK: its subscriptions count, the bad resource is not sent again until it changes', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a');
    const verdict = stream.nack(only(stream.pull()), 'bad a');
    assert.ok(verdict?.type === 'nacked');
    assert.equal(verdict.message, 'bad a');
    assert.equal(stream.inner.status()[0]?.state, 'rejected');
    assert.deepEqual(stream.pull(), []);
    harness.set('endpoint', { a: 2 });
    const good = only(stream.pull());
    stream.ack(good);
    assert.equal(stream.inner.status()[0]?.state, 'synced');
  });

  test('unknown types are answered with nothing; too many of them are an error', () => {
    const stream = new Harness().delta();
    const ask = (typeUrl: string) => {
      stream.inner.receive({ typeUrl, resourceNamesSubscribe: ['x'] }, 0);
    };
    ask('type.googleapis.com/envoy.service.runtime.v3.Runtime');
    assert.deepEqual(brief(stream.pull()), ['undefined: -x']);
    assert.throws(() => Array.from({ length: 100 }, (_, i) => ask(`t${i}`)), RangeError);
  });
});
