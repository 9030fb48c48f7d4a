import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startCurator, until } from '@meshkeeper/testbed';
import { endpointsOf, type ProxyView, settled } from '../support/api.ts';
import { startApplication } from '../support/application.ts';
import { meshkeeper, meshkeeperJson } from '../support/command.ts';
import type { DataPlane } from '../support/data-plane.ts';
import { ask, startLoad } from '../support/load.ts';

/** What the scenario is played on. */
export interface Stage {
  /** Connect string of the server. */
  readonly zookeeper: string;
  /** URL of the control plane's API. */
  readonly api: string;
  readonly dataPlane: DataPlane;
}

/** What applications ask for, in milliseconds; a server may give them a longer session. */
const SESSION_TIMEOUT = 1_000;
/** Long enough for the longest session here to end. */
const EXPIRY = { timeout: 20_000 };

/** Instances come and go, in order and not, while requests are sent: none of those fails. */
export async function scenario(t: TestContext, { zookeeper, api, dataPlane }: Stage) {
  const { url, id } = dataPlane;
  await using stack = new AsyncDisposableStack();
  const common = { connect: zookeeper, sessionTimeout: SESSION_TIMEOUT };
  // The one that is killed has a JVM of its own.
  const curators = await Promise.all([
    startCurator({ ...common, basePath: '/discovery' }),
    startCurator({ ...common, basePath: '/discovery' }),
    startCurator({ ...common, basePath: '/services' }),
  ]);
  const [doomed, curator, springCloud] = curators;
  for (const each of curators) stack.use(each);

  const orders = { service: 'orders', curator };
  const first = stack.use(await startApplication({ ...orders, curator: doomed, name: 'first' }));
  await t.test('an instance is reached by its service name, with zone and port', async () => {
    await settled(api, 'orders', ['first']);
    for (const host of ['orders', 'orders.mesh', 'orders:80', 'orders.mesh:8080', 'ORDERS.mesh']) {
      const answer = await ask(url, host);
      assert.deepEqual({ host, ...answer }, { host, status: 200, body: 'first' });
    }
    assert.equal((await ask(url, 'nobody')).status, 404);
  });

  await t.test('an instance of Spring Cloud is reached', async () => {
    const customers = { service: 'customers', curator: springCloud, spring: true };
    stack.use(await startApplication({ ...customers, name: 'spring-1' }));
    await settled(api, 'customers', ['spring-1']);
    assert.deepEqual(await ask(url, 'customers.mesh'), { status: 200, body: 'spring-1' });
    const [endpoint] = await endpointsOf(api, 'customers');
    assert.equal(endpoint?.origin.registry, 'spring');
  });

  const load = stack.use(startLoad({ url, host: 'orders.mesh' }));
  const second = stack.use(await startApplication({ ...orders, name: 'second' }));
  await t.test('a second instance gets its share', async () => {
    await settled(api, 'orders', ['first', 'second']);
    const shares = await load.next(300);
    assert.deepEqual([...shares.keys()].sort(), ['first', 'second']);
    const share = shares.get('second') ?? 0;
    assert(share > 100 && share < 200, `second answers ${share} of 300 requests`);
    load.unharmed();
  });

  await t.test('proxy-status shows the data plane in step', async () => {
    type Status = { readonly proxies: readonly ProxyView[] };
    const { proxies } = await meshkeeperJson<Status>('proxy-status', '--server', api);
    const states = proxies.find((proxy) => proxy.id === id)?.types ?? [];
    const types = new Set(states.map(({ type }) => type));
    for (const type of ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'])
      assert.ok(types.has(type), type);
    assert.deepEqual([...new Set(states.map(({ state }) => state))], ['synced']);
  });

  await t.test('a drained endpoint gets no request until it is undrained', async () => {
    const drained = await meshkeeper(['drain', 'orders', 'second', '--server', api]);
    assert.equal(drained.code, 0, drained.stderr);
    await settled(api, 'orders', ['first', 'second'], { draining: ['second'] });
    assert.deepEqual([...(await load.next(200)).keys()], ['first']);
    const undrained = await meshkeeper(['undrain', 'orders', 'second', '--server', api]);
    assert.equal(undrained.code, 0, undrained.stderr);
    await settled(api, 'orders', ['first', 'second']);
    assert.deepEqual([...(await load.next(100)).keys()].sort(), ['first', 'second']);
    load.unharmed();
  });

  await t.test('an instance is killed: no request fails, and its endpoint goes', async () => {
    await Promise.all([doomed.kill(), first.backend.kill()]);
    assert.deepEqual([...(await load.next(100)).keys()], ['second']);
    await settled(api, 'orders', ['second'], EXPIRY);
    await load.next(50);
    load.unharmed();
  });

  const third = stack.use(await startApplication({ ...orders, name: 'third' }));
  await t.test('an instance leaves in order: no request fails', async () => {
    await settled(api, 'orders', ['second', 'third']);
    assert.deepEqual([...(await load.next(100)).keys()].sort(), ['second', 'third']);
    await second.unregister();
    await settled(api, 'orders', ['third']);
    await second.backend.stop();
    assert.deepEqual([...(await load.next(100)).keys()], ['third']);
    load.unharmed();
  });

  // The stage is played on again: it is left as it was.
  await load[Symbol.asyncDispose]();
  await third.unregister();
  await springCloud.unregister('spring-1');
  await t.test(
    'the last instance is held when it leaves, until an operator lets it go',
    async () => {
      for (const service of ['orders', 'customers']) {
        await until(
          async () => {
            const reasons = (await endpointsOf(api, service)).map(
              ({ protection }) => protection?.reason,
            );
            assert.deepEqual(reasons, ['last-instance']);
            return true;
          },
          { message: `the last instance of ${service} is held` },
        );
        const hold = `${api}/api/v1/services/${service}/hold`;
        assert.equal((await fetch(hold, { method: 'DELETE' })).status, 204);
        await settled(api, service, []);
      }
    },
  );
}
