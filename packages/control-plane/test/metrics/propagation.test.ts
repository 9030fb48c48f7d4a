import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ServiceChange } from '@meshkeeper/mesh';
import type { ConnectedProxy } from '@meshkeeper/xds';
import { Propagation } from '../../src/metrics/propagation.ts';
import { connectedProxy } from '../connected-proxy.ts';

const change = (name: string): ServiceChange => {
  return { type: 'added', name, after: { name, protocol: 'http', endpoints: [] } };
};

/** A propagation to which these streams are connected. */
function stage(...streams: ConnectedProxy[]) {
  const propagation = new Propagation();
  for (const stream of streams) propagation.observer.connected?.(stream);
  const ack = (proxy: ConnectedProxy, sentAt: number, at: number, ...names: string[]) =>
    propagation.acked({ proxy, typeUrl: 'eds', version: 'v', names, sentAt }, at);
  const apply = (proxy: ConnectedProxy, revision: number) =>
    propagation.observer.applied?.({ proxy, revision, at: 0 });
  return { propagation, ack, apply };
}

describe('the way of a change', () => {
  const [a, b, c] = [connectedProxy(1), connectedProxy(2), connectedProxy(3)];

  test('is from its commit, and from when it was served, to each data plane', () => {
    const { propagation, ack } = stage(a, b, c);
    propagation.published([change('s')], [900], 1, 1_000);
    assert.deepEqual(ack(a, 1_000, 1_010, 's'), [{ propagation: 0.11, push: 0.01 }]);
    assert.deepEqual(ack(b, 1_005, 1_500, 's', 'other'), [{ propagation: 0.6, push: 0.5 }]);
    assert.deepEqual(ack(a, 1_600, 1_700, 's'), [], 'once each');
  });

  test('is only from when it was served where the commit is not known', () => {
    const { propagation, ack } = stage(a, b);
    propagation.published([change('s')], [undefined], 1, 1_000);
    assert.deepEqual(ack(a, 1_000, 1_010, 's'), [{ propagation: undefined, push: 0.01 }]);
  });

  test('ends with an answer to a response that has the change', () => {
    const { propagation, ack } = stage(a, b);
    propagation.published([change('s')], [900], 1, 1_000);
    assert.deepEqual(ack(a, 999, 1_010, 's'), []);
    assert.equal(ack(a, 1_011, 1_020, 's').length, 1);
  });

  test('is that of each of several changes that arrive together', () => {
    const { propagation, ack } = stage(a, b);
    propagation.published([change('s')], [900], 1, 1_000);
    propagation.published([change('s')], [1_050], 2, 1_100);
    assert.deepEqual(
      ack(a, 1_100, 1_200, 's').map((took) => took.propagation),
      [0.3, 0.15],
    );
  });

  test('is none to whom connects, or asks for it, only later', () => {
    const { propagation, ack, apply } = stage(a, b);
    propagation.published([change('s')], [900], 1, 1_000);
    assert.deepEqual(ack({ ...b, connectedSince: 1_001 }, 1_002, 1_010, 's'), []);
    // Nothing of that revision concerned it; then it subscribes.
    apply(a, 1);
    assert.deepEqual(ack(a, 40_000, 40_010, 's'), []);
  });

  test('of a service is also that of its subsets', () => {
    const { propagation, ack } = stage(a, b);
    propagation.published([change('a/s')], [900], 1, 1_000);
    assert.equal(ack(a, 1_000, 1_010, 'a/s/canary').length, 1);
    assert.equal(ack(b, 1_000, 1_010, 'a').length, 0);
  });

  test('is forgotten when all have it, after a minute, and when there are too many', () => {
    const { propagation, ack } = stage(a, b);
    propagation.published([change('s')], [900], 1, 1_000);
    propagation.published([change('t')], [900], 2, 62_000);
    assert.deepEqual(ack(a, 62_000, 62_001, 's'), []);
    for (let i = 0; i < 1_000; i++) propagation.published([change(`n${i}`)], [900], 3 + i, 62_001);
    assert.deepEqual(ack(a, 62_001, 62_002, 't'), []);
    assert.equal(ack(a, 62_001, 62_002, 'n0').length, 1);
  });
});
