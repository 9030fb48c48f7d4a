import assert from 'node:assert/strict';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { NO_POLICIES, type Policies, type Snapshot, type TrafficRule } from '@meshkeeper/mesh';
import { type Envoy, freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import { envoyBootstrap, startXdsServer, type XdsObserver } from '../src/index.ts';
import { plainRule } from '../src/resources/route/route.ts';
import { Catalog, service } from './fixture.ts';

const TYPE = 'type.googleapis.com/envoy.config.route.v3.VirtualHost';
const signal = AbortSignal.timeout(120_000);
const ORIGIN = { source: 'test', path: 'test' };
const listen = { host: '127.0.0.1', port: 0 };

/** Status and body of a GET through Envoy with that `Host`. */
function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/', headers: { host }, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve(`${response.statusCode} ${body}`)).on('error', reject);
    }).on('error', reject);
  });
}

/** Bytes that the control plane has sent to it. */
async function received(envoy: Envoy): Promise<number> {
  const stat = 'cluster.meshkeeper.upstream_cx_rx_bytes_total';
  const text = await envoy.admin(`/stats?filter=${stat}`);
  return Number(/: (\d+)/.exec(text)?.[1]);
}

/** What an operator has written: requests go to that service. */
function ruleTo(to: string): TrafficRule {
  return { ...plainRule(to), name: 'test', origin: ORIGIN };
}

function withPolicies(snapshot: Snapshot, policies: Partial<Policies>): Snapshot {
  return { ...snapshot, policies: { ...NO_POLICIES, ...policies } };
}

describe('virtual hosts that are resources of their own, at a real Envoy', {
  skip: skipWithout('envoy'),
}, () => {
  const answers = new Map<string, Server & { port: number }>();
  before(async () => {
    for (const text of ['one', 'two']) {
      const server = createServer((_request, response) => response.end(text));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      answers.set(text, Object.assign(server, { port }));
    }
  });
  after(() => {
    for (const server of answers.values()) server.close();
  });
  const at = (text: string) => answers.get(text)?.port ?? 0;

  /** A control plane, and what Envoys made of the virtual hosts that it sent. */
  async function start(port = 0) {
    const hosts: string[][] = [];
    const nacks: string[] = [];
    const observer: XdsObserver = {
      acked: ({ typeUrl, names }) => typeUrl === TYPE && hosts.push([...names].sort()),
      nacked: ({ typeUrl, message }) => nacks.push(`${typeUrl}: ${message}`),
    };
    const options = { listen: { ...listen, port }, observer, debounce: { quiet: 20, max: 200 } };
    const server = await startXdsServer(options, { signal });
    let revision = 0;
    const update = (...[snapshot, changes]: Parameters<typeof server.update>) => {
      revision = Math.max(revision + 1, snapshot.revision);
      server.update({ ...snapshot, revision }, changes);
    };
    const isSynced = () => server.proxies()[0]?.appliedRevision === revision;
    const synced = () => until(isSynced, { signal });
    return { server, hosts, nacks, update, synced };
  }

  async function envoyOf(xds: { host: string; port: number }, kind: 'gateway' | 'outbound') {
    const node = { id: 'envoy-1', cluster: 'edge' };
    const config = envoyBootstrap({ xds, node, [kind]: `127.0.0.1:${await freePort()}` });
    const envoy = await startEnvoy({ config, signal });
    return { envoy, port: (await envoy.listenerPorts())[kind] ?? 0 };
  }

  test('a service that comes, changes or goes costs its virtual host, whatever others there are', async () => {
    const { server, hosts, nacks, update, synced } = await start();
    await using _server = server;
    const catalog = new Catalog();
    const many = Array.from({ length: 1000 }, (_, i) => service(`service-${i}`, []));
    update(...catalog.put(...many, service('shop', [at('one')])));
    const { envoy, port } = await envoyOf(server.address, 'outbound');
    await using _envoy = envoy;
    assert.equal(await ask(port, 'shop'), '200 one', 'as soon as it listens');
    await synced();
    assert.equal(hosts.length, 1);
    assert.equal(hosts[0]?.length, 1001, 'those of the routes that it has, and no others');
    const all = await received(envoy);

    update(...catalog.put(service('late', [at('two')])));
    await until(async () => (await ask(port, 'late.mesh:80')) === '200 two', { signal });
    await synced();
    assert.deepEqual(hosts.splice(1), [['outbound/late']]);
    const policies = {
      routes: new Map([['shop', { rules: [ruleTo('late')], hosts: new Map() }]]),
    };
    update(withPolicies(catalog.snapshot, policies), []);
    await until(async () => (await ask(port, 'shop')) === '200 two', { signal });
    await synced();
    assert.deepEqual(hosts.splice(1), [['outbound/shop']]);
    const [gone, changes] = catalog.set({ late: undefined });
    update(withPolicies(gone, {}), changes);
    await until(async () => (await ask(port, 'late')).startsWith('404'), { signal });
    await synced();
    assert.deepEqual(hosts.splice(1), [['outbound/late', 'outbound/shop']]);
    assert.equal(await ask(port, 'shop'), '200 one');
    const more = (await received(envoy)) - all;
    assert.ok(more < all / 50, `${more} bytes after ${all}`);
    assert.deepEqual(nacks, []);
  });

  test('after a reconnection it is sent what differs', async () => {
    const first = await start();
    const catalog = new Catalog();
    const many = Array.from({ length: 50 }, (_, i) => service(`service-${i}`, []));
    const shop = service('shop', [at('one')]);
    first.update(...catalog.put(...many, shop, service('gone', [at('one')])));
    const { port: xds } = first.server.address;
    const { envoy, port } = await envoyOf(first.server.address, 'outbound');
    await using _envoy = envoy;
    await first.synced();
    await first.server.close();
    assert.equal(await ask(port, 'shop'), '200 one', 'it keeps what it has');

    const second = await start(xds);
    await using _server = second.server;
    const [snapshot] = catalog.set({ gone: undefined, late: service('late', [at('two')]) });
    const added = [...snapshot.services].map((each) => {
      return { type: 'added', name: each.name, after: each } as const;
    });
    second.update(snapshot, added);
    await until(async () => (await ask(port, 'late')) === '200 two', { signal });
    await second.synced();
    assert.match(await ask(port, 'gone'), /^404/);
    assert.equal(await ask(port, 'shop'), '200 one');
    assert.deepEqual(second.hosts, [['outbound/gone', 'outbound/late']]);
    assert.deepEqual(second.nacks, []);
  });

  test('an Envoy of an empty mesh listens; names of any kind; a host name that moves', async () => {
    const { server, nacks, update, synced } = await start();
    await using _server = server;
    const catalog = new Catalog();
    update(catalog.snapshot, []);
    const { envoy, port } = await envoyOf(server.address, 'outbound');
    await using _envoy = envoy;
    assert.match(await ask(port, 'shop'), /^404/);
    const waited = await envoy.admin('/stats?filter=vhds.outbound.init_fetch_timeout');
    assert.match(waited, /timeout: 0$/m, 'it was told that there is nothing, and did not wait');
    // A slash is what Envoy finds the routes by.
    const names = ['org.acme/Api:1.0', '50%2F', 'Überall'];
    update(...catalog.put(...names.map((name) => service(name, [at('one')]))));
    await synced();
    assert.equal(await ask(port, 'org.acme-api-1.0.mesh'), '200 one');
    assert.equal(await ask(port, '50-2f.mesh'), '200 one');
    assert.equal(await ask(port, '50%2F'), '200 one');
    update(...catalog.put(service('Shop', [at('one')])));
    await until(async () => (await ask(port, 'shop')) === '200 one', { signal });
    // The name in lower case has the better claim.
    update(...catalog.put(service('shop', [at('two')])));
    await until(async () => (await ask(port, 'shop')) === '200 two', { signal });
    update(...catalog.set({ shop: undefined }));
    await until(async () => (await ask(port, 'shop')) === '200 one', { signal });

    // What registries call a service: the lowest name has it, until it is called otherwise.
    const called = (name: string, text: string, ...hosts: string[]) => ({
      ...service(name, [at(text)]),
      hosts,
    });
    const host = 'web.shop.svc.cluster.local';
    update(...catalog.put(called('web', 'one', host), called('grpc', 'two', `${host}:90`)));
    await until(async () => (await ask(port, host)) === '200 one', { signal });
    assert.equal(await ask(port, `${host}:8080`), '200 one');
    assert.equal(await ask(port, `${host}:90`), '200 two');
    update(...catalog.put(called('app', 'two', host)));
    await until(async () => (await ask(port, host)) === '200 two', { signal });
    update(...catalog.put(service('app', [at('two')])));
    await until(async () => (await ask(port, host)) === '200 one', { signal });
    await synced();
    assert.deepEqual(nacks, []);
  });

  test('routes that come later have their hosts: a gateway that is applied, changed and taken back', async () => {
    const { server, nacks, update, synced } = await start();
    await using _server = server;
    const catalog = new Catalog();
    update(...catalog.put(service('shop', [at('one')]), service('other', [at('two')])));
    const { envoy, port } = await envoyOf(server.address, 'gateway');
    await using _envoy = envoy;
    assert.equal(await ask(port, 'shop'), '200 one');
    const listener = { name: 'http', port: await freePort(), protocol: 'http' as const };
    const apply = (hosts: Record<string, string>) => {
      const rules = Object.entries(hosts).map(([host, to]) => [host, [ruleTo(to)]] as const);
      const gateway = {
        name: 'edge',
        origin: ORIGIN,
        listeners: [{ ...listener, hosts: new Map(rules) }],
      };
      update(withPolicies(catalog.snapshot, { gateways: [gateway] }), []);
    };
    const through = (host: string) => ask(listener.port, host).catch(() => 'nobody listens');
    apply({ '*': 'shop' });
    await until(async () => (await through('any.example.com:99')) === '200 one', { signal });
    apply({ '*': 'shop', '*.example.com': 'other', 'a.example.com': 'shop' });
    await until(async () => (await through('b.example.com')) === '200 two', { signal });
    assert.equal(await through('a.example.com'), '200 one');
    assert.equal(await through('else.where'), '200 one');
    update(withPolicies(catalog.snapshot, {}), []);
    const byDefault = () => ask(port, 'shop').catch(() => 'nobody listens');
    await until(async () => (await byDefault()) === '200 one', { signal });
    apply({ '*': 'other' });
    await until(async () => (await through('shop')) === '200 two', { signal });
    await synced();
    assert.deepEqual(nacks, []);
  });
});
