import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { notDone } from '../stage/unsupported.ts';
import { Fleet } from './fleet.ts';
import { send } from './sending.ts';
import { field, servicePolicy } from './written.ts';

describe('how connections are kept', () => {
  const stand = new Stand();
  const web = new Fleet('http', 1);
  const calls = new Fleet('grpc', 1);
  const [instance] = web.instances;
  const [server] = calls.instances;

  test('idleTimeout: one that is not used is closed', async () => {
    const policies =
      servicePolicy('idle', 'connectionPool: { idleTimeout: 150ms }') +
      servicePolicy('kept', 'connectionPool: { idleTimeout: 0s }').replace('name: a ', 'name: b ');
    const idle = web.service('idle');
    const kept = web.service('kept');
    await stand.set(policies, idle, kept);
    for (const plane of stand.proxies) {
      const open = instance!.open;
      await send(plane, kept);
      await send(plane, idle);
      assert.equal(instance!.open - open, 2, plane.kind);
      await until(() => instance!.open - open === 1);
      const connections = instance!.connections;
      await send(plane, kept);
      assert.equal(instance!.connections, connections, `${plane.kind} has closed the other one`);
      await send(plane, idle);
      assert.equal(instance!.connections, connections + 1, plane.kind);
      await until(() => instance!.open - open === 1);
    }
    assert.deepEqual(
      notDone(policies, 'grpc'),
      ['a', 'b'].map((name) => `ServicePolicy/${name}: spec.connectionPool`),
    );
  });

  test('maxRequestsPerConnection; 0 is any number', async () => {
    const policies =
      servicePolicy('three', 'connectionPool: { maxRequestsPerConnection: 3 }') +
      servicePolicy('any', 'connectionPool: { maxRequestsPerConnection: 0 }').replace(
        'name: a ',
        'name: b ',
      );
    const three = [web.service('three'), web.service('any')] as const;
    await stand.set(policies, ...three);
    for (const plane of stand.proxies)
      for (const [service, expected] of [
        [three[0], 3],
        [three[1], 1],
      ] as const) {
        const by: number[] = [];
        instance!.answer = ({ connection }) => {
          by.push(connection);
          return {};
        };
        for (let i = 0; i < 9; i++) assert.equal(await send(plane, service), 'http0', plane.kind);
        assert.equal(new Set(by).size, expected, `${plane.kind}: ${by.join()}`);
      }
  });

  test('maxConnectionDuration: no longer than that, and no request is lost', async () => {
    const policies = servicePolicy('aged', 'connectionPool: { maxConnectionDuration: 200ms }');
    const service = calls.service('aged');
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      const before = server!.connections;
      const begin = performance.now();
      await until(
        async () => {
          assert.equal(await send(plane, service), 'grpc0', plane.kind);
          return server!.connections - before >= 3;
        },
        { interval: 5, timeout: 10_000 },
      );
      const took = performance.now() - begin;
      assert(took >= 390, `${plane.kind}: ${took}`);
    }
  });

  test('maxConcurrentStreams: what is more goes by another connection', async () => {
    const policies = servicePolicy('streams', 'connectionPool: { maxConcurrentStreams: 2 }');
    const service = calls.service('streams');
    await stand.set(policies, service);
    for (const plane of stand.proxies) {
      const begun = server!.connections;
      const released = Promise.withResolvers<void>();
      let held = 0;
      server!.answer = async () => {
        held++;
        await released.promise;
        return {};
      };
      const answers = Array.from({ length: 5 }, () => send(plane, service));
      await until(() => held === 5);
      released.resolve();
      assert.deepEqual(new Set(await Promise.all(answers)), new Set(['grpc0']), plane.kind);
      assert.equal(server!.connections - begun, 3, plane.kind);
    }
    assert.deepEqual(notDone(policies, 'grpc'), [field('connectionPool')]);
  });

  test('tcpKeepalive, and all of them together, are what the proxies do', async () => {
    const policies = servicePolicy(
      'all',
      'connectionPool: { idleTimeout: 1h, maxRequestsPerConnection: 100, maxConcurrentStreams: 10, maxConnectionDuration: 0s, tcpKeepalive: { time: 10s, interval: 2s, probes: 3 } }',
    );
    const service = calls.service('all');
    await stand.set(policies, service);
    for (const plane of stand.planes) {
      assert.equal(await send(plane, service), 'grpc0', plane.kind);
      const said = plane.kind === 'grpc' ? [field('connectionPool')] : [];
      assert.deepEqual(notDone(policies, plane.kind), said);
    }
  });
});
