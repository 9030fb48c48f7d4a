import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LeaderLatch } from '@meshkeeper/recipes';
import { until } from '@meshkeeper/testbed';
import { CreateMode, connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { type ControlPlane, loadConfig, startControlPlane } from '../../src/index.ts';
import { startDataPlane } from '../data-plane.ts';
import { instance } from '../instance.ts';

/** An instance with a session of its own. */
interface Instance extends AsyncDisposable {
  readonly zk: ZooKeeper;
  readonly port: number;
}

describe('leaders', () => {
  let server: ZooKeeperServer;
  let plane: ControlPlane;

  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    const config = await loadConfig({
      flags: {
        zookeeper: { connect: server.connect },
        controlPlane: {
          api: { listen: '127.0.0.1:0' },
          xds: { listen: '127.0.0.1:0' },
          dns: { listen: '127.0.0.1:0' },
        },
      },
    });
    const logger = { debug() {}, info() {}, warn() {} };
    // A registry that is there is found at the start.
    await using zk = await connect({ connect: server.connect });
    await zk.create('/discovery', '');
    plane = await startControlPlane({ config, logger });
    await plane.ready;
  });
  after(async () => {
    await plane?.close();
    await server?.close();
  });

  const start = async (service: string, id: string, port: number): Promise<Instance> => {
    const zk = await connect({ connect: server.connect, sessionTimeout: 2000 });
    const data = instance(service, id, port);
    await zk.create(`/discovery/${service}/${id}`, data, {
      parents: true,
      mode: CreateMode.EPHEMERAL,
    });
    return { zk, port, [Symbol.asyncDispose]: () => zk.close() };
  };
  const apply = async (service: string, spec: object) => {
    const policy = {
      apiVersion: 'meshkeeper.io/v1',
      kind: 'ServicePolicy',
      metadata: { name: service },
      spec: { targetRefs: [{ name: service }], ...spec },
    };
    const response = await fetch(`${plane.api}/api/v1/policies/apply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([policy]),
    });
    assert.equal(response.status, 200, await response.text());
  };
  /** The ports of the endpoints that lead; undefined before the service is served. */
  const leads = async (service: string): Promise<string | undefined> => {
    const response = await fetch(`${plane.api}/api/v1/services/${service}/endpoints`);
    if (response.status !== 200) return undefined;
    const { endpoints } = (await response.json()) as {
      endpoints: readonly { port: number; role?: string }[];
    };
    const leading = endpoints.filter(({ role }) => role === 'leader');
    return leading.map(({ port }) => port).join();
  };

  test('who stands by the session of an endpoint leads, and the next one after it', async () => {
    await using one = await start('orders', 'one', 1001);
    await using two = await start('orders', 'two', 1002);
    const latch = new LeaderLatch(one.zk, '/meshkeeper/elections/orders');
    await latch.lead();
    await using other = new LeaderLatch(two.zk, '/meshkeeper/elections/orders');
    await until(async () => (await leads('orders')) === '');
    await apply('orders', { endpoints: 'leader' });
    await until(async () => (await leads('orders')) === '1001');
    await latch.close();
    await other.lead();
    await until(async () => (await leads('orders')) === '1002');
    await apply('orders', {});
    await until(async () => (await leads('orders')) === '');
  });

  test('a leader is known by its id or its address, and data planes are told of it alone', async () => {
    await using one = await start('carts', 'one', 2001);
    await using two = await start('carts', 'two', 2002);
    const path = '/apps/carts/leader';
    await apply('carts', { endpoints: 'leader', election: { path: '/apps/{service}/leader' } });
    await using dataPlane = startDataPlane(plane.xds, 'caller');
    await until(async () => (await leads('carts')) === '');
    const told = () =>
      [one, two].map(({ port }) => port).filter((port) => dataPlane.ports.has(port));
    assert.deepEqual(told(), []);
    const stranger = await connect({ connect: server.connect });
    const byId = new LeaderLatch(stranger, path, { id: 'two' });
    await until(async () => (await leads('carts')) === '2002');
    await until(() => dataPlane.ports.has(2002));
    assert.deepEqual(told(), [2002]);
    await byId.close();
    await using byAddress = new LeaderLatch(stranger, path, { id: `127.0.0.1:${one.port}` });
    await byAddress.lead();
    await until(() => dataPlane.ports.has(2001));
    assert.equal(await leads('carts'), String(one.port));
    // Its session ends: nobody leads.
    await stranger.close();
    await until(async () => (await leads('carts')) === '');
  });

  test('a leader that is none of the endpoints leads nothing, until it is registered', async () => {
    await using _one = await start('stock', 'one', 3001);
    await using late = await connect({ connect: server.connect });
    await using latch = new LeaderLatch(late, '/meshkeeper/elections/stock', { id: 'late' });
    await latch.lead();
    await apply('stock', { subsets: [{ name: 'writer', endpoints: 'leader' }] });
    await until(async () => (await leads('stock')) === '');
    await using _late = await start('stock', 'late', 3002);
    await until(async () => (await leads('stock')) === '3002');
  });
});
