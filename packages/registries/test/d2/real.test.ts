import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Endpoint, Service } from '@meshkeeper/mesh';
import {
  type D2,
  skipWithout,
  startD2,
  startZooKeeper,
  until,
  type ZooKeeperServer,
} from '@meshkeeper/testbed';
import { connect as connectTo, type ZooKeeper } from '@meshkeeper/zookeeper';
import { d2 as dialect, Registrar, TreeSource } from '../../src/index.ts';

const skip = skipWithout('zookeeper', 'd2');
/** What D2's own examples say of every service. */
const serviceDefaults = {
  loadBalancerStrategyList: ['degraderV3'],
  prioritizedSchemes: ['http'],
  // A weight that has changed is heeded at once, not 5 s later.
  loadBalancerStrategyProperties: { 'http.loadBalancer.updateIntervalMs': '100' },
};

describe('beside the real D2', { skip }, () => {
  const stack = new AsyncDisposableStack();
  let server: ZooKeeperServer;
  let zk: ZooKeeper;
  let d2: D2;
  before(async () => {
    server = stack.use(await startZooKeeper());
    const { connect } = server;
    zk = stack.use(await connectTo({ connect, onExpired: 'renew' }));
    d2 = stack.use(await startD2({ connect }));
  });
  after(() => stack.disposeAsync());

  /** An HTTP server that says its port; gives the port. */
  async function web(): Promise<number> {
    const http = createServer((_, response) => response.end(String(port)));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    stack.defer(() => void http.close());
    const { port } = http.address() as AddressInfo; // of a TCP server
    return port;
  }

  /** Who answers so many calls. */
  async function answering(service: string, calls = 40): Promise<Set<number>> {
    const answers = new Set<number>();
    for (let i = 0; i < calls; i++) answers.add(Number(await d2.call(`d2://${service}/`)));
    return answers;
  }

  /** Waits until just these answer. */
  async function answer(service: string, ...ports: number[]): Promise<void> {
    const wanted = new Set(ports);
    await until(
      async () => {
        const answers = await answering(service).catch(() => new Set<number>());
        return answers.symmetricDifference(wanted).size === 0;
      },
      { timeout: 60_000, message: `${service} is called at ${ports}` },
    );
  }

  test('what we announce is what its client calls, by weight; and a change is seen', async () => {
    const [one, two, three] = [await web(), await web(), await web()];
    await d2.configure({
      clusters: { Ours: { services: { ours: { path: '/' } } } },
      serviceDefaults,
    });
    const registrar = new Registrar({ zk, dialect });
    const registration = { service: 'Ours', address: '127.0.0.1' };
    const a = await registrar.register({ ...registration, port: one });
    const b = await registrar.register({ ...registration, port: two, weight: 0 });
    const partitions = { 'partition.7': 'true' };
    const c = await registrar.register({ ...registration, port: three, metadata: partitions });
    await answer('ours', one);
    await b.revise({ weight: 200 });
    await answer('ours', one, two);
    await a.revise({ weight: 0 });
    await answer('ours', two);
    await b.close();
    await a.revise({ weight: 100 });
    await answer('ours', one);
    // This version knows nothing of it.
    await a.revise({ health: 'draining' });
    await answer('ours', one);
    await Promise.all([a.close(), c.close()]);
  });

  test('what it announces is what we read, and a change of it', async () => {
    const source = new TreeSource({ name: 'd2', dialect, zk });
    const stop = new AbortController();
    const services = new Map<string, Service>();
    const ended = (async () => {
      for await (const change of source.changes(stop.signal)) {
        if (change.type === 'remove') services.delete(change.name);
        else
          for (const each of change.type === 'upsert' ? [change.service] : change.services)
            services.set(each.name, each);
      }
    })();
    const is = async (name: string, ...wanted: Partial<Endpoint>[]) => {
      await until(
        () => {
          const told = services.get(name)?.endpoints ?? [];
          const shown = told.map(({ id, weight, health }) => ({ id, weight, health }));
          assert.deepEqual(
            shown,
            wanted.map((each) => ({ health: 'unknown', weight: 100, ...each })),
          );
          return true;
        },
        { timeout: 20_000, message: name },
      );
    };
    const theirs = { cluster: 'Theirs', uri: 'http://10.0.0.1:80/c' };
    const key = await d2.announce({ ...theirs, weight: 1 });
    await d2.announce({ ...theirs, uri: 'http://10.0.0.2:80', partitions: { 0: 0.5, 3: 2 } });
    await is('Theirs', { id: '10.0.0.1:80' }, { id: '10.0.0.2:80', weight: 200 });
    const Theirs = { services: { theirs: { path: '/t' } } };
    await d2.configure({ clusters: { Theirs }, serviceDefaults });
    await is('theirs', { id: '10.0.0.1:80' }, { id: '10.0.0.2:80', weight: 200 });
    await d2.changeWeight(key, { weight: 3 });
    await is('theirs', { id: '10.0.0.1:80', weight: 300 }, { id: '10.0.0.2:80', weight: 200 });
    await d2.markDown(key);
    await is('theirs', { id: '10.0.0.2:80', weight: 200 });
    assert.equal(source.problems.size, 0);
    stop.abort();
    await ended;
  });

  test('who is banned: of a cluster; a list of a service its tool writes, and its client never reads', async () => {
    const [one, two] = [await web(), await web()];
    const uris = [one, two].map((port) => `http://127.0.0.1:${port}`);
    for (const uri of uris) await d2.announce({ cluster: 'Bans', uri, weight: 1 });
    const configure = (cluster: object, service: object) =>
      d2.configure({
        clusters: { Bans: { ...cluster, services: { bans: { path: '/', ...service } } } },
        serviceDefaults,
      });
    const read = async () => {
      const reading = dialect.reading({
        ...{ registry: 'r', root: '/d2', locality: { region: '', zone: '', subzone: '' } },
      });
      const { children } = await zk.children('/d2/uris/Bans');
      for (const path of [
        ...children.map((child) => `/d2/uris/Bans/${child}`),
        ...['/d2/services/bans', '/d2/clusters/Bans'],
      ])
        reading.put({ path, ...(await zk.get(path)) });
      const { endpoints = [] } = reading.service('bans') ?? {};
      return new Set(
        endpoints.filter(({ health }) => health === 'unknown').map(({ port }) => port),
      );
    };
    await configure({}, { bannedUris: [uris[0]] });
    await answer('bans', one, two);
    assert.deepEqual(await read(), new Set([one, two].sort()));
    await configure({ bannedUris: [uris[0]] }, {});
    await answer('bans', two);
    assert.deepEqual(await read(), new Set([two]));
  });
});
