import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, before, describe, test } from 'node:test';
import type { ServiceChange } from '@meshkeeper/mesh';
import { DIALECTS, encodeInstance } from '@meshkeeper/registries';
import { until } from '@meshkeeper/testbed';
import { XdsClient } from '@meshkeeper/xds';
import { connect, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { type ControlPlane, loadConfig, startControlPlane } from '../src/index.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };

function instance(name: string, id: string, port: number): Buffer {
  return encodeInstance({
    name,
    id,
    address: '127.0.0.1',
    port,
    sslPort: null,
    payload: null,
    registrationTimeUTC: 1,
    serviceType: 'DYNAMIC',
    uriSpec: null,
  });
}

describe('a control plane', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let plane: ControlPlane;
  const changes: ServiceChange[] = [];

  const call = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${plane.api}${path}`, init);
    const text = await response.text();
    return { status: response.status, type: response.headers.get('content-type'), text };
  };
  const json = async (path: string) => JSON.parse((await call(path)).text);
  const health = async (id: string) => {
    const { endpoints } = await json('/api/v1/services/a%2Fb/endpoints');
    return endpoints.find((endpoint: { id: string }) => endpoint.id === id)?.health;
  };

  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: server.connect });
    for (const path of ['/discovery', '/discovery/a', '/discovery/a/b']) await zk.create(path);
    await zk.create('/discovery/a/b/one', instance('a/b', 'one', 1001));
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
    plane = await startControlPlane({
      config,
      logger: silent,
      onSnapshot: (_, fresh) => changes.push(...fresh),
    });
    await plane.ready;
  });

  after(async () => {
    await plane?.close();
    await zk?.close();
    await server?.close();
  });

  test('shows services, endpoints and registries; names are percent-encoded once', async () => {
    const list = await json('/api/v1/services');
    assert.deepEqual(
      list.services.map(({ name, endpoints }: { name: string; endpoints: number }) => [
        name,
        endpoints,
      ]),
      [['a/b', 1]],
    );
    assert.deepEqual(
      list.registries.map(({ name, state }: { name: string; state: string }) => [name, state]),
      [...DIALECTS.values()]
        .filter(({ defaultRoot }) => defaultRoot)
        .map(({ name }) => [name, 'live']),
    );
    const { endpoints } = await json('/api/v1/services/a%2Fb/endpoints');
    assert.equal(endpoints[0].origin.path, '/discovery/a/b/one');
    assert.match(endpoints[0].origin.mzxid, /^0x[0-9a-f]+$/);
  });

  test('errors are problem documents with a stable code', async () => {
    const missing = await call('/api/v1/services/nope');
    assert.equal(missing.status, 404);
    assert.match(missing.type ?? '', /^application\/problem\+json/);
    assert.equal(JSON.parse(missing.text).code, 'unknown-service');
    assert.equal(JSON.parse((await call('/nowhere')).text).code, 'not-found');
    const put = (body: string) =>
      call('/api/v1/services/a%2Fb/endpoints/one/overlay', {
        method: 'PUT',
        body,
        headers: { 'content-type': 'application/json' },
      });
    for (const body of ['{"dran":true}', '{"weight":-1}', '{', '[]'])
      assert.equal(JSON.parse((await put(body)).text).code, 'invalid-request', body);
    const unknown = await call('/api/v1/services/a%2Fb/endpoints/two/overlay', {
      method: 'PUT',
      body: '{"drain":true}',
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(JSON.parse(unknown.text).code, 'unknown-endpoint');
  });

  test('a drain is kept in ZooKeeper, served at once, and taken back', async () => {
    const path = '/api/v1/services/a%2Fb/endpoints/one/overlay';
    const headers = { 'content-type': 'application/json' };
    const { status } = await call(path, { method: 'PUT', body: '{"drain":true}', headers });
    assert.equal(status, 200);
    await until(async () => (await health('one')) === 'draining');
    const stored = await zk.get('/meshkeeper/overlays/a%2Fb/one');
    assert.match(stored.data.toString(), /^\{"drain":true,"by":"loopback","at":\d+\}$/);
    assert.equal((await call(path, { method: 'DELETE' })).status, 204);
    await until(async () => (await health('one')) === 'unknown');
    assert.equal((await call(path, { method: 'DELETE' })).status, 204); // idempotent
  });

  test('DNS answers from what is served, and is counted', async () => {
    const resolver = new Resolver({ timeout: 2_000 });
    resolver.setServers([plane.dns]);
    const path = '/api/v1/services/a%2Fb/endpoints/two/overlay';
    const headers = { 'content-type': 'application/json' };
    const ports = async () => (await resolver.resolveSrv('_a-b._tcp.mesh')).map(({ port }) => port);
    assert.deepEqual(await ports(), [1001]);
    await zk.create('/discovery/a/b/two', instance('a/b', 'two', 1002));
    await until(async () => (await ports()).length === 2);
    await call(path, { method: 'PUT', body: '{"drain":true}', headers });
    await until(async () => (await ports()).join() === '1001');
    await call(path, { method: 'DELETE' });
    await until(async () => (await ports()).length === 2);
    await zk.delete('/discovery/a/b/two');
    await until(async () => (await ports()).length === 1);
    const { text } = await call('/metrics');
    assert.match(text, /meshkeeper_dns_queries_total\{type="SRV",rcode="NOERROR"\} [1-9]/);
    assert.match(text, /meshkeeper_dns_query_duration_seconds_count [1-9]/);
  });

  test('an overlay that others wrote counts; a malformed one is left out', async () => {
    for (const [path, data] of [
      ['/meshkeeper/overlays/a%2Fb/one', '{"weight":7}'],
      ['/meshkeeper/overlays/a%2Fb/two', '{"weight":"heavy"}'],
    ] as const)
      await zk.create(path, data);
    await until(async () => {
      const { endpoints } = await json('/api/v1/services/a%2Fb/endpoints');
      return endpoints[0].weight === 7;
    });
    for (const name of ['one', 'two']) await zk.delete(`/meshkeeper/overlays/a%2Fb/${name}`);
  });

  test('a change reaches a connected data plane, and its way is measured', async () => {
    await using client = new XdsClient({
      address: { host: '127.0.0.1', port: Number(plane.xds.split(':').at(-1)) },
      node: { id: 'test', cluster: 'test' },
    });
    const ports = new Set<number>();
    const following = (async () => {
      for await (const batch of client.updates()) {
        if (batch.type === 'endpoint')
          for (const assignment of batch.upserts.values())
            for (const locality of assignment.endpoints ?? [])
              for (const endpoint of locality.lbEndpoints ?? [])
                ports.add(endpoint.endpoint?.address?.socketAddress?.portValue ?? 0);
        batch.accept();
      }
    })();
    await until(() => ports.has(1001));
    await zk.create('/discovery/a/b/two', instance('a/b', 'two', 1002));
    await until(() => ports.has(1002));
    await until(async () => {
      const count = /^meshkeeper_propagation_seconds_count (\d+)$/m.exec(
        (await call('/metrics')).text,
      );
      return Number(count?.[1]) >= 1;
    });
    const { proxies } = await json('/api/v1/proxies');
    assert.equal(proxies[0].id, 'test');
    await until(async () => {
      const { streams } = await json('/api/v1/proxies/test');
      return streams[0].state === 'synced';
    });
    await client.close();
    await following;
    await until(async () => (await json('/api/v1/proxies')).proxies.length === 0);
    const { streams, departed } = await json('/api/v1/proxies/test');
    assert.deepEqual([streams.length, departed.id], [0, 'test']);
    assert.equal((await call('/api/v1/proxies/nobody')).status, 404);
  });

  test('metrics and probes', async () => {
    const { text } = await call('/metrics');
    for (const name of [
      'meshkeeper_registry_staleness_seconds{registry="curator"} 0',
      'meshkeeper_registry_up{registry="spring"} 1',
      'meshkeeper_registry_problems{registry="curator"} 0',
      'meshkeeper_xds_streams{flavour="embedded"} 0',
      'meshkeeper_catalog_services 1',
    ])
      assert.ok(text.includes(name), `${name} in ${text}`);
    assert.deepEqual(JSON.parse((await call('/healthz')).text), { status: 'ok' });
    assert.equal((await json('/readyz')).status, 'ready');
    assert.ok(changes.some(({ type, name }) => type === 'added' && name === 'a/b'));
  });
});

test('without ZooKeeper it is not ready, and a write says why it fails', async () => {
  const server = await startZooKeeperServer({ port: 0, tickTime: 200 });
  const { port } = server.address;
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: server.connect, sessionTimeout: 2000 },
      controlPlane: {
        api: { listen: '127.0.0.1:0' },
        xds: { listen: '127.0.0.1:0' },
        dns: { listen: '127.0.0.1:0' },
      },
    },
  });
  await server.close();
  const late = startControlPlane({ config, logger: silent, connectTimeout: 200 });
  await assert.rejects(late, /no ZooKeeper server answered at 127\.0\.0\.1:\d+ within 0\.2 s/);

  await using again = await startZooKeeperServer({ port, tickTime: 200 });
  await using plane = await startControlPlane({ config, logger: silent });
  await plane.ready;
  await again.close();
  await until(async () => {
    const ready = await fetch(`${plane.api}/readyz`);
    return ready.status === 200 && JSON.parse(await ready.text()).status === 'stale';
  });
  const response = await fetch(`${plane.api}/api/v1/services/x/endpoints/y/overlay`, {
    method: 'DELETE',
  });
  assert.equal(response.status, 503);
  assert.equal(JSON.parse(await response.text()).code, 'zookeeper-unavailable');
});
