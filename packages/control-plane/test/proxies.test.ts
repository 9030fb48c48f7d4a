import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get as request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import { envoyBootstrap } from '@meshkeeper/xds';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import type { deliveriesView } from '../src/api/explain-view.ts';
import type { streamConfigView } from '../src/api/proxy-config-view.ts';
import type { departedView, loadView, proxyView } from '../src/api/proxy-views.ts';
import { type ControlPlane, loadConfig, startControlPlane } from '../src/index.ts';
import type { EndpointLoad } from '../src/load/load-store.ts';
import { startDataPlane } from './data-plane.ts';
import { instance } from './instance.ts';

type StreamView = ReturnType<typeof proxyView>;
type DepartedView = ReturnType<typeof departedView>;

interface ListView {
  readonly proxies: readonly StreamView[];
  readonly departed: readonly DepartedView[];
}

interface OneView {
  readonly revision: number;
  readonly streams: readonly StreamView[];
  readonly departed?: DepartedView;
  readonly load: readonly ReturnType<typeof loadView>[];
}

interface ConfigView {
  readonly id: string;
  readonly streams: readonly ReturnType<typeof streamConfigView>[];
  readonly code?: string;
}

interface ExplainView {
  readonly dataPlanes: ReturnType<typeof deliveriesView>;
}

interface EndpointsView {
  readonly endpoints: readonly { readonly load?: EndpointLoad }[];
}

describe('data planes in the API', () => {
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let plane: ControlPlane;
  let backend: Server;
  let port = 0;

  /** The caller names what the API's documentation says. */
  const json = async <T>(path: string) =>
    (await (await fetch(`${plane.api}/api/v1${path}`)).json()) as T;
  const list = (): Promise<ListView> => json('/proxies');
  const one = (id: string): Promise<OneView> => json(`/proxies/${encodeURIComponent(id)}`);
  const config = (id: string, query = ''): Promise<ConfigView> =>
    json(`/proxies/${encodeURIComponent(id)}/config${query}`);

  before(async () => {
    server = await startZooKeeperServer({ port: 0, tickTime: 200 });
    zk = await connect({ connect: server.connect });
    backend = createServer((message, response) => {
      response.statusCode = message.url === '/bad' ? 500 : 200;
      response.end('ok');
    });
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    port = (backend.address() as AddressInfo).port;
    await zk.create('/discovery/shop/one', instance('shop', 'one', port), { parents: true });
    const flags = {
      zookeeper: { connect: server.connect },
      controlPlane: {
        api: { listen: '127.0.0.1:0' },
        xds: { listen: '127.0.0.1:0' },
        dns: { listen: '127.0.0.1:0' },
      },
    };
    plane = await startControlPlane({
      config: await loadConfig({ flags }),
      logger: { debug() {}, info() {}, warn() {} },
      loadReportInterval: 300,
    });
    await plane.ready;
  });

  after(async () => {
    await plane?.close();
    await zk?.close();
    await server?.close();
    backend?.close();
  });

  test('several streams of one id; an id is percent-encoded once; it is gone, and comes back', async () => {
    const id = 'east/edge:1 ä';
    const second = startDataPlane(plane.xds, id);
    const first = startDataPlane(plane.xds, id);
    await until(async () => (await one(id)).streams?.length === 2);
    await until(async () => {
      const { revision, streams } = await one(id);
      return streams.every(({ appliedRevision }) => appliedRevision === revision);
    });
    const { streams } = await one(id);
    assert.deepEqual(
      streams.map(({ state, behind, variant }) => [state, behind, variant]),
      Array(2).fill(['synced', undefined, 'delta']),
    );
    assert.notEqual(streams[0]?.stream, streams[1]?.stream);
    await first.close();
    await until(async () => (await one(id)).streams.length === 1);
    assert.equal((await one(id)).departed, undefined, 'one stream is left');
    await second.close();
    await until(async () => (await one(id)).departed !== undefined);
    assert.deepEqual(
      (await list()).departed.map((each) => each.id),
      [id],
    );
    await using _again = startDataPlane(plane.xds, id);
    await until(async () => (await list()).departed.length === 0);
  });

  test('what one rejects is told with its words, since when, and how far behind it is for that', async () => {
    await using _good = startDataPlane(plane.xds, 'good');
    await using _picky = startDataPlane(plane.xds, 'picky', (ports) => ports.includes(666));
    const stateOf = async (id: string) => (await one(id)).streams?.[0]?.state;
    for (const id of ['good', 'picky']) await until(async () => (await stateOf(id)) === 'synced');
    const since = Date.now();
    await zk.create('/discovery/shop/bad', instance('shop', 'bad', 666));
    await until(async () => (await stateOf('picky')) === 'rejected');
    const { revision, streams } = await one('picky');
    const { behind, refused } = only(streams);
    const { type, name, message, certain, sinceRevision, at } = only(refused);
    assert.deepEqual(
      [type, name, message, certain, sinceRevision],
      ['ClusterLoadAssignment', 'shop', 'not these ports', true, revision],
    );
    assert.equal(behind?.revisions, 1);
    for (const time of [at, behind.since]) assert.ok(Date.parse(time) >= since);

    const { resources } = only((await config('picky', '?type=endpoint')).streams);
    const shop = only(resources);
    assert.deepEqual(
      [shop.type, shop.name, shop.status, shop.error?.message],
      ['ClusterLoadAssignment', 'shop', 'nacked', 'not these ports'],
    );
    const fine = only((await config('good', '?name=shop&type=endpoint')).streams);
    const { status, error, servedVersion, version } = only(fine.resources);
    assert.deepEqual([status, error, servedVersion], ['acked', undefined, undefined]);
    assert.equal(shop.version, version, 'it rejects what the other has');

    await zk.delete('/discovery/shop/bad');
    await until(async () => (await stateOf('picky')) === 'synced');
    assert.deepEqual(only((await one('picky')).streams).refused, []);
  });

  test('the config is what the very proxy is served, as JSON with the names of the protos', async () => {
    await using _plane = startDataPlane(plane.xds, 'reader');
    await until(async () => (await one('reader')).streams?.[0]?.state === 'synced');
    const { id, streams } = await config('reader');
    assert.equal(id, 'reader');
    const { node, resources } = only(streams);
    assert.deepEqual([node.id, node.cluster, node.userAgent], ['reader', 'test', 'test']);
    assert.deepEqual(
      resources.map(({ type, name, status }) => [type, name, status]),
      [
        ['Cluster', 'shop', 'acked'],
        ['ClusterLoadAssignment', 'shop', 'acked'],
        ['Listener', 'gateway', 'acked'],
        ['RouteConfiguration', 'gateway', 'acked'],
      ],
    );
    const [cluster, endpoints] = resources;
    assert.match(cluster?.version ?? '', /^[0-9a-f]{16}$/);
    const prefix = 'type.googleapis.com/envoy.config';
    assert.partialDeepStrictEqual(cluster?.resource, {
      '@type': `${prefix}.cluster.v3.Cluster`,
      connect_timeout: '1s',
    });
    const socket_address = { address: '127.0.0.1', port_value: port };
    assert.partialDeepStrictEqual(endpoints?.resource, {
      '@type': `${prefix}.endpoint.v3.ClusterLoadAssignment`,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address } } }] }],
    });
    for (const query of ['?type=nope', '?nmae=shop'])
      assert.equal((await config('reader', query)).code, 'invalid-request');
    assert.equal((await config('nobody')).code, 'unknown-proxy');
  });

  test('an event stream follows them', async () => {
    const stop = new AbortController();
    const response = await fetch(`${plane.api}/api/v1/proxies?watch`, { signal: stop.signal });
    const seen: number[] = [];
    let text = '';
    let joined: Awaited<ReturnType<typeof startDataPlane>> | undefined;
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = JSON.parse(event.slice(event.indexOf('data: ') + 6));
        const { proxies } = data as ListView; // what the route sends is what its view makes
        seen.push(proxies.filter((each) => each.id === 'late').length);
      }
      if (joined === undefined && seen.at(-1) === 0) joined = startDataPlane(plane.xds, 'late');
      else if (seen.at(-1) === 1) await joined!.close();
      else if (joined !== undefined && seen.includes(1)) break;
    }
    stop.abort();
    assert.deepEqual([...new Set(seen)], [0, 1]);
    assert.equal(seen.at(-1), 0);
  });

  test('what a real Envoy reports of its requests', { skip: skipWithout('envoy') }, async () => {
    const at = plane.xds.lastIndexOf(':');
    await using envoy = await startEnvoy({
      config: envoyBootstrap({
        xds: { host: plane.xds.slice(0, at), port: Number(plane.xds.slice(at + 1)) },
        node: { id: 'envoy-1', cluster: 'gateway' },
        gateway: `127.0.0.1:${await freePort()}`,
      }),
    });
    const { gateway = 0 } = await envoy.listenerPorts();
    const call = async (path: string) => {
      const sent = request({ port: gateway, path, headers: { host: 'shop' }, agent: false });
      const [response] = await once(sent, 'response');
      response.resume();
      await once(response, 'end');
    };
    await until(async () => {
      for (const path of ['/', '/bad']) await call(path);
      const load = (await one('envoy-1')).load.find(({ cluster }) => cluster === 'shop');
      return load && load.errorsPerSecond > 0 && load.requestsPerSecond > load.errorsPerSecond;
    });
    // It also reports what it sends to the control plane.
    const load = only((await one('envoy-1')).load.filter(({ cluster }) => cluster === 'shop'));
    assert.deepEqual(
      load.endpoints.map((each) => [each.address, each.port]),
      [['127.0.0.1', port]],
    );
    const { endpoints } = await json<EndpointsView>('/services/shop/endpoints');
    assert.equal(only(endpoints).load?.proxies, 1);
    // It gets virtual hosts apart from their routes.
    const routes = only((await config('envoy-1', '?type=route')).streams).resources;
    assert.deepEqual(
      routes.map(({ type, name, status }) => [type, name, status]),
      [
        ['RouteConfiguration', 'gateway', 'acked'],
        ['VirtualHost', 'gateway/shop', 'acked'],
      ],
    );
    const { dataPlanes } = await json<ExplainView>('/explain/shop?proxy=envoy-1');
    assert.deepEqual(
      only(dataPlanes.proxies).resources.map(({ type, name }) => [type, name]),
      [
        ['Cluster', 'shop'],
        ['ClusterLoadAssignment', 'shop'],
        ['VirtualHost', 'gateway/shop'],
      ],
    );
    // Nobody calls it any more.
    await until(async () => {
      const { endpoints: later } = await json<EndpointsView>('/services/shop/endpoints');
      return only(later).load?.requestsPerSecond === 0;
    });
  });
});

/** The only one of a list. */
function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1);
  return list[0]!;
}
