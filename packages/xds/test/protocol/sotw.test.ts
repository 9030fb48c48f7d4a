import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brief, Harness, only } from './harness.ts';

describe('state of the world', () => {
  test('node is kept from the first request', () => {
    const stream = new Harness().sotw();
    stream.request('cluster', [], { node: { id: 'a' } });
    stream.request('listener', [], { node: null });
    assert.equal(stream.inner.node.id, 'a');
  });

  test('a plain ACK is not answered', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1 });
    const stream = harness.sotw();
    stream.request('cluster', []);
    const sent = only(stream.pull());
    assert.equal(stream.ack(sent, [])?.type, 'acked');
    assert.deepEqual(stream.pull(), []);
  });

  test('clusters and listeners: all that is subscribed, each time; what is gone is left out', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('cluster', []);
    stream.ack(only(stream.pull()), []);
    harness.set('cluster', { a: 2 });
    const second = only(stream.pull());
    assert.deepEqual(brief([second]), ['cluster: a b']);
    stream.ack(second, []);
    harness.set('cluster', { b: null });
    const third = only(stream.pull());
    assert.deepEqual(brief([third]), ['cluster: a']);
    assert.notEqual(third.version, second.version);
    stream.ack(third, []);
    harness.set('cluster', { a: null });
    assert.deepEqual(brief(stream.pull()), ['cluster:']);
  });

  test('endpoints and routes: only what changed, and only on change', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1, c: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a', 'b']);
    const first = only(stream.pull());
    assert.deepEqual(brief([first]), ['endpoint: a b']);
    stream.ack(first, ['a', 'b']);
    harness.set('endpoint', { b: 2, c: 2 });
    const second = only(stream.pull());
    assert.deepEqual(brief([second]), ['endpoint: b']);
    stream.ack(second, ['a', 'b']);
    harness.set('endpoint', { b: 2 });
    assert.deepEqual(stream.pull(), []);
  });

  test('a request with a stale nonce is not answered and judges nothing', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a']);
    const old = only(stream.pull());
    stream.ack(old, ['a']);
    harness.set('endpoint', { a: 2 });
    const current = only(stream.pull());
    assert.equal(stream.ack(old, ['a', 'b']), undefined);
    assert.deepEqual(stream.pull(), []);
    assert.equal(stream.ack(current, ['a', 'b'])?.type, 'acked');
    assert.deepEqual(brief(stream.pull()), ['endpoint: b']);
  });

  test('a name that is asked for anew is sent at an unchanged version', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a', 'b']);
    const first = only(stream.pull());
    stream.ack(first, ['b']);
    assert.deepEqual(stream.pull(), []);
    stream.ack(first, ['a', 'b']);
    assert.deepEqual(brief(stream.pull()), ['endpoint: a']);
  });

  test('a reconnection (no nonce, but a version) is always answered', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1 });
    harness.set('cluster', { c: 1 });
    const stream = harness.sotw();
    const versionInfo = harness.sets.endpoint.version;
    stream.request('endpoint', ['a'], { versionInfo });
    assert.deepEqual(brief(stream.pull()), ['endpoint: a']);
    stream.request('cluster', [], { versionInfo: harness.sets.cluster.version });
    assert.deepEqual(brief(stream.pull()), ['cluster: c']);
  });

  test('a missing name is remembered and sent when it appears', () => {
    const harness = new Harness();
    const stream = harness.sotw();
    stream.request('endpoint', ['late']);
    assert.deepEqual(stream.pull(), []);
    harness.set('endpoint', { late: 1 });
    assert.deepEqual(brief(stream.pull()), ['endpoint: late']);
  });

  test('a NACK is known by its error alone, and its names count', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a']);
    const bad = only(stream.pull());
    // As grpc-js does, which advances the version although it rejects.
    const verdict = stream.request('endpoint', ['a', 'b'], {
      responseNonce: bad.nonce,
      versionInfo: bad.version,
      errorDetail: { message: 'bad a' },
    });
    assert.ok(verdict?.type === 'nacked');
    assert.deepEqual([verdict.message, verdict.response.names], ['bad a', ['a']]);
    assert.deepEqual(brief(stream.pull()), ['endpoint: b'], 'the bad one is not sent again');
    assert.equal(stream.inner.status()[0]?.lastNack?.message, 'bad a');
  });

  test('an error that is repeated with a later subscription is no second NACK', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a']);
    const bad = only(stream.pull());
    stream.nack(bad, ['a']);
    assert.equal(stream.nack(bad, ['a', 'b']), undefined);
    assert.deepEqual(brief(stream.pull()), ['endpoint: b']);
  });

  test('legacy wildcard: lasts while all requests were empty, then empty means nothing', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('cluster', []);
    const all = only(stream.pull());
    assert.deepEqual(brief([all]), ['cluster: a b']);
    stream.ack(all, ['a']);
    const one = only(stream.pull());
    assert.deepEqual(brief([one]), ['cluster: a']);
    stream.ack(one, []);
    harness.set('cluster', { a: 2, b: 2 });
    assert.deepEqual(stream.pull(), []);
  });

  test('legacy wildcard is off for gRPC and for other types; * is explicit', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1 });
    harness.set('endpoint', { a: 1 });
    const grpc = harness.sotw('gRPC Node Pure JS');
    grpc.request('cluster', []);
    assert.deepEqual(brief(grpc.pull()), ['cluster:']);
    const envoy = harness.sotw();
    envoy.request('endpoint', []);
    assert.deepEqual(envoy.pull(), []);
    const explicit = harness.sotw('grpc-go');
    explicit.request('cluster', ['*']);
    assert.deepEqual(brief(explicit.pull()), ['cluster: a']);
  });

  test('a name is never twice in one response', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1 });
    const stream = harness.sotw();
    stream.request('cluster', ['*', 'a', 'a']);
    assert.deepEqual(brief(stream.pull()), ['cluster: a']);
  });

  test('a response names each nonce once per stream, and streams share frames', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1 });
    const one = harness.sotw();
    const other = harness.sotw();
    one.request('endpoint', ['a']);
    other.request('endpoint', ['a']);
    const first = one.inner.next(0);
    assert.equal(other.inner.next(0), first, 'the very same frame');
    one.request('endpoint', [], { responseNonce: first?.nonce ?? '' });
    one.request('endpoint', ['a'], { responseNonce: first?.nonce ?? '' });
    const again = one.inner.next(0);
    assert.ok(again && again.nonce !== first?.nonce);
  });
});
