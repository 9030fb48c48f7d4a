import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ResourceType } from '../../src/index.ts';
import { ACK_TIMEOUT, ENDPOINT_HOLD } from '../../src/server/subscription.ts';
import { brief, Harness, only } from './harness.ts';

/** A store with a service, and a delta and a sotw stream that have all of it. */
function served() {
  const harness = new Harness();
  harness.set('cluster', { a: 1 });
  harness.set('endpoint', { a: 1 });
  harness.set('listener', { gateway: 1 });
  harness.set('route', { gateway: 1 });
  const delta = harness.delta();
  delta.subscribe('cluster', '*');
  delta.subscribe('endpoint', 'a');
  delta.subscribe('listener', '*');
  delta.subscribe('route', 'gateway');
  const first = delta.pull();
  for (const sent of first) delta.ack(sent);
  const sotw = harness.sotw();
  const names: Record<ResourceType, string[]> = {
    ...{ cluster: [], endpoint: ['a'], listener: [], route: ['gateway'] },
    ...{ virtualHost: [], secret: [] },
  };
  for (const type of ['cluster', 'endpoint', 'listener', 'route'] as const)
    sotw.request(type, names[type]);
  for (const sent of sotw.pull()) sotw.ack(sent, names[sent.type ?? 'cluster']);
  return { harness, delta, sotw, first, names };
}

describe('order', () => {
  test('clusters, endpoints, listeners, routes', () => {
    const { first } = served();
    assert.deepEqual(
      first.map(({ type }) => type),
      ['cluster', 'endpoint', 'listener', 'route'],
    );
  });

  test('incremental: routes wait for clusters, removals come last and the other way', () => {
    const { harness, delta } = served();
    harness.set('route', { gateway: 2 });
    harness.set('endpoint', { a: null, b: 1 });
    harness.set('cluster', { a: null, b: 1 });
    const upsert = only(delta.pull());
    assert.deepEqual(brief([upsert]), ['cluster: b'], 'nothing is removed yet');
    delta.ack(upsert);
    const route = only(delta.pull());
    assert.deepEqual(brief([route]), ['route: gateway'], 'the clusters are still referred to');
    delta.ack(route);
    assert.deepEqual(brief(delta.pull()), ['endpoint: -a', 'cluster: -a']);
  });

  test('state of the world: a removed cluster stays in until the routes have left it', () => {
    const { harness, sotw } = served();
    harness.set('route', { gateway: 2 });
    harness.set('cluster', { a: null, b: 1 });
    const both = only(sotw.pull());
    assert.deepEqual(brief([both]), ['cluster: a b']);
    sotw.ack(both, []);
    const route = only(sotw.pull());
    assert.deepEqual(brief([route]), ['route: gateway'], 'the cluster is still referred to');
    sotw.ack(route, ['gateway']);
    assert.deepEqual(brief(sotw.pull()), ['cluster: b']);
  });

  test('a changed cluster gets its unchanged endpoints again', () => {
    const { harness, delta, sotw } = served();
    harness.set('cluster', { a: 2 });
    assert.deepEqual(brief(delta.pull()), ['cluster: a', 'endpoint: a']);
    assert.deepEqual(brief(sotw.pull()), ['cluster: a', 'endpoint: a']);
  });

  test('endpoints are not held back by clusters that nobody has acknowledged', () => {
    const { harness, delta, sotw } = served();
    harness.set('cluster', { b: 1 });
    only(delta.pull());
    only(sotw.pull());
    harness.set('endpoint', { a: 2 });
    assert.deepEqual(brief(delta.pull()), ['endpoint: a']);
    assert.deepEqual(brief(sotw.pull()), ['endpoint: a']);
  });

  test('pushes of a type are merged while one is not acknowledged', () => {
    const { harness, delta, sotw, names } = served();
    harness.set('endpoint', { a: 2 });
    const sent = only(delta.pull());
    const other = only(sotw.pull());
    for (const content of [3, 4, 5]) {
      harness.set('endpoint', { a: content });
      assert.deepEqual([...delta.pull(), ...sotw.pull()], []);
    }
    delta.ack(sent);
    sotw.ack(other, names.endpoint);
    assert.equal(only(delta.pull()).version, harness.sets.endpoint.version);
    assert.equal(only(sotw.pull()).version, harness.sets.endpoint.version);
    assert.deepEqual([...delta.pull(), ...sotw.pull()], []);
  });

  test('endpoints of other services wait shortly for an acknowledgement, those of the same until it comes', () => {
    for (const variant of ['delta', 'sotw'] as const) {
      const { harness, delta, sotw } = served();
      harness.set('endpoint', { b: 1, c: 1 });
      if (variant === 'delta') {
        delta.subscribe('endpoint', 'b');
        delta.ack(only(delta.pull()));
      } else {
        sotw.request('endpoint', ['a', 'b']);
        sotw.ack(only(sotw.pull()), ['a', 'b']);
      }
      const stream = variant === 'delta' ? delta : sotw;
      harness.set('endpoint', { a: 2 });
      const first = only(stream.pull());
      harness.set('endpoint', { a: 3, b: 2 });
      assert.deepEqual(stream.pull(), []);
      assert.equal(stream.inner.heldUntil(stream.now), stream.now + ENDPOINT_HOLD);
      stream.now += ENDPOINT_HOLD;
      assert.deepEqual(brief(stream.pull()), ['endpoint: b'], variant);
      const verdict = variant === 'delta' ? delta.ack(first) : sotw.ack(first, ['a', 'b']);
      assert.deepEqual(verdict?.response.names, ['a'], 'an older one is judged too');
      stream.now += ENDPOINT_HOLD;
      assert.deepEqual(brief(stream.pull()), ['endpoint: a'], variant);
    }
  });

  test('an acknowledgement that never comes holds later pushes back only so long', () => {
    const { harness, delta } = served();
    harness.set('endpoint', { a: 2 });
    only(delta.pull());
    harness.set('endpoint', { a: 3 });
    assert.deepEqual(delta.pull(), []);
    delta.now += ACK_TIMEOUT;
    only(delta.pull());
  });

  test('one bad resource does not stop the others', () => {
    const { harness, delta } = served();
    harness.set('route', { gateway: 13 });
    delta.nack(only(delta.pull()), 'bad route');
    harness.set('cluster', { c: 1 });
    harness.set('endpoint', { a: 7 });
    assert.deepEqual(brief(delta.pull()), ['cluster: c', 'endpoint: a']);
  });
});
