import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { Stand } from '../routes/stand.ts';
import { Fleet } from './fleet.ts';
import { prove } from './proof.ts';
import { occupy, send, sendAll, tally } from './sending.ts';
import { field, servicePolicy } from './written.ts';

const REFUSED = /^(503|UNAVAILABLE)$/;
const one = (at: number) => (at === 0 ? {} : undefined);

describe('limits to what a service is sent at once', () => {
  const stand = new Stand();
  const rpc = new Fleet('grpc', 1);
  const web = new Fleet('http', 2);
  const [instance] = web.instances;

  for (const fleet of [rpc, web])
    test(`maxRequests, of ${fleet.names[0]}`, async () => {
      const service = fleet.service(`most-${fleet.names[0]}`, one);
      const policies = servicePolicy(service.name, 'circuitBreaker: { maxRequests: 3 }');
      await stand.set(policies, service);
      const planes = fleet === rpc ? stand.planes : stand.proxies;
      await prove(planes, policies, field('circuitBreaker.maxRequests'), async (plane) => {
        const release = await occupy(plane, service, fleet.instances[0]!, 3);
        const refused = await send(plane, service);
        await release();
        assert.match(refused, REFUSED, 'one too many fails at once');
        assert.equal(await send(plane, service), fleet.names[0]);
      });
    });

  test('maxConnections and maxPendingRequests: who finds no connection waits, or fails', async () => {
    const service = web.service('connections', one);
    const limits = 'maxConnections: 2, maxPendingRequests: 1';
    const policies = servicePolicy(service.name, `circuitBreaker: { ${limits} }`);
    await stand.set(policies, service);
    await prove(stand.proxies, policies, field('circuitBreaker.maxConnections'), async (plane) => {
      const before = instance!.connections;
      const release = await occupy(plane, service, instance!, 2);
      const { served } = instance!;
      const waiting = [send(plane, service), send(plane, service), send(plane, service)];
      const refused = await Promise.race(waiting);
      assert.match(refused, REFUSED, 'two are too many to wait');
      assert.equal(instance!.served, served, 'who waits is not sent');
      await release();
      const all = tally(await Promise.all(waiting));
      assert.deepEqual([all['503'], all[instance!.name]], [2, 1], 'one has waited');
      assert.equal(instance!.connections, before + 2);
    });
  });

  test('maxConnections and maxPendingRequests: gRPC says that it has none', async () => {
    const service = rpc.service('channels');
    for (const limit of ['maxConnections', 'maxPendingRequests']) {
      const policies = servicePolicy(service.name, `circuitBreaker: { ${limit}: 1 }`);
      await stand.set(policies, service);
      const planes = stand.planes.filter(({ kind }) => kind === 'grpc');
      await prove(planes, policies, field(`circuitBreaker.${limit}`), async () => {
        assert.fail('it has one connection, and nothing waits');
      });
    }
  });

  test('maxRetries: with none a request that is broken off fails', async () => {
    instance!.answer = () => ({ breakOff: true });
    for (const [limit, fails] of [
      [0, true],
      [3, false],
    ] as const) {
      const service = web.service(`retries-${limit}`);
      const balanced = 'loadBalancing: { type: round-robin }';
      const spec = `${balanced}\n  circuitBreaker: { maxRetries: ${limit} }`;
      const policies = servicePolicy(service.name, spec);
      await stand.set(policies, service);
      await prove(stand.proxies, policies, field('circuitBreaker.maxRetries'), async (plane) => {
        const takers = tally(await sendAll(plane, service, 4));
        assert.equal(takers[web.names[1]!], fails ? 2 : 4, JSON.stringify(takers));
      });
    }
  });

  test('without a policy there is room for as many as Envoy has by default', async () => {
    const service = web.service('roomy', one);
    await stand.set('', service);
    for (const plane of stand.proxies) {
      const release = await occupy(plane, service, instance!, 30);
      await until(() => instance!.active === 30);
      await release();
    }
  });
});
