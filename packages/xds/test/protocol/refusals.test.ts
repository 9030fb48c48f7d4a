import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brief, contents, Harness, only } from './harness.ts';

describe('a rejected resource', () => {
  test('state of the world: its last good version goes on being served beside others', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('cluster', []);
    stream.ack(only(stream.pull()), []);
    harness.set('cluster', { b: 13 });
    stream.nack(only(stream.pull()), []);
    assert.deepEqual(stream.pull(), [], 'a NACK is not answered');
    harness.set('cluster', { a: 2 });
    const next = only(stream.pull());
    assert.deepEqual(contents(next), { a: '2', b: '1' });
    stream.ack(next, []);
    assert.equal(stream.inner.status()[0]?.state, 'rejected', 'it still lacks the new b');
    harness.set('cluster', { b: 3 });
    const good = only(stream.pull());
    assert.deepEqual(contents(good), { a: '2', b: '3' });
    stream.ack(good, []);
    assert.equal(stream.inner.status()[0]?.state, 'synced');
  });

  test('state of the world: one that has no good version is left out until it changes', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1 });
    const stream = harness.sotw();
    stream.request('cluster', []);
    stream.ack(only(stream.pull()), []);
    harness.set('cluster', { bad: 13 });
    stream.nack(only(stream.pull()), []);
    harness.set('cluster', { a: 2 });
    assert.deepEqual(brief([only(stream.pull())]), ['cluster: a']);
  });

  test('rejected twice, the good one is still the one before both', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1, b: 1 });
    const stream = harness.sotw();
    stream.request('cluster', []);
    stream.ack(only(stream.pull()), []);
    for (const content of [13, 14]) {
      harness.set('cluster', { b: content });
      stream.nack(only(stream.pull()), []);
    }
    harness.set('cluster', { a: 2 });
    assert.deepEqual(contents(only(stream.pull())), { a: '2', b: '1' });
  });

  test('of several new ones, the one that the message names; none when it names none', () => {
    const harness = new Harness();
    harness.set('cluster', { shop: 1, cart: 1 });
    for (const [message, expected] of [
      ["Error adding/updating cluster(s) 'cart': no such thing", { shop: '2', cart: '1' }],
      ['no such thing', { shop: '2', cart: '2' }],
    ] as const) {
      const stream = harness.sotw();
      harness.set('cluster', { shop: 1, cart: 1, other: null });
      stream.request('cluster', []);
      stream.ack(only(stream.pull()), []);
      harness.set('cluster', { shop: 2, cart: 2 });
      stream.nack(only(stream.pull()), [], message);
      harness.set('cluster', { other: 1 });
      assert.deepEqual(contents(only(stream.pull())), { ...expected, other: '1' });
    }
  });

  test('incremental: it is not sent again, and forgotten once it is gone', () => {
    const harness = new Harness();
    harness.set('cluster', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.subscribe('cluster', '*');
    stream.ack(only(stream.pull()));
    harness.set('cluster', { b: 13 });
    stream.nack(only(stream.pull()));
    harness.set('cluster', { a: 2 });
    const next = only(stream.pull());
    assert.deepEqual(brief([next]), ['cluster: a']);
    stream.ack(next);
    assert.equal(stream.inner.status()[0]?.state, 'rejected');
    harness.set('cluster', { b: null });
    stream.ack(only(stream.pull()));
    assert.equal(stream.inner.status()[0]?.state, 'synced');
  });
});

describe('the applied revision', () => {
  test('is undefined until everything was accepted once, then what was accepted up to', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.delta();
    assert.equal(stream.inner.appliedRevision, undefined);
    stream.subscribe('endpoint', 'a', 'b');
    const first = only(stream.pull());
    assert.equal(stream.inner.appliedRevision, undefined);
    stream.ack(first);
    assert.equal(stream.inner.appliedRevision, 1);
    harness.set('endpoint', { a: 2 });
    harness.set('endpoint', { b: 2 });
    assert.equal(stream.inner.appliedRevision, 1);
    const both = only(stream.pull());
    assert.equal(stream.inner.appliedRevision, 1);
    harness.set('endpoint', { a: 3 });
    stream.ack(both);
    assert.equal(stream.inner.appliedRevision, 3, 'the fourth is not sent yet');
    stream.ack(only(stream.pull()));
    assert.equal(stream.inner.appliedRevision, 4);
  });

  test('moves on with changes that do not concern it', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1 });
    const stream = harness.sotw();
    stream.request('endpoint', ['a']);
    stream.ack(only(stream.pull()), ['a']);
    harness.set('endpoint', { other: 1 });
    harness.set('route', { r: 1 });
    assert.equal(stream.inner.appliedRevision, 3);
  });

  test('stays before what was rejected, until that is replaced', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a', 'b');
    stream.ack(only(stream.pull()));
    harness.set('endpoint', { a: 13 });
    stream.nack(only(stream.pull()));
    harness.set('endpoint', { b: 2 });
    stream.ack(only(stream.pull()));
    assert.equal(stream.inner.appliedRevision, 1);
    harness.set('endpoint', { a: 3 });
    stream.ack(only(stream.pull()));
    assert.equal(stream.inner.appliedRevision, 4);
  });

  test('a later subscription takes nothing back', () => {
    const harness = new Harness();
    harness.set('endpoint', { a: 1, b: 1 });
    const stream = harness.delta();
    stream.subscribe('endpoint', 'a');
    stream.ack(only(stream.pull()));
    stream.subscribe('endpoint', 'b');
    assert.equal(stream.inner.appliedRevision, 1);
  });
});
