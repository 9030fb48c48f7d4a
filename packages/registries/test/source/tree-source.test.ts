import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Service, SourceChange } from '@meshkeeper/mesh';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { CREATOR_ALL_ACL, connect, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { curator, TreeSource, type TreeSourceOptions } from '../../src/index.ts';
import { servers } from '../servers.ts';
import { stage } from '../stage.ts';

/** A consumer of a source that keeps what it is told. */
class Consumer implements AsyncDisposable {
  readonly source: TreeSource;
  readonly told: SourceChange[] = [];
  readonly services = new Map<string, Service>();
  readonly #stop = new AbortController();
  readonly ended: Promise<void>;

  constructor(options: Omit<TreeSourceOptions, 'name' | 'dialect'>, source?: TreeSource) {
    this.source = source ?? new TreeSource({ name: 'registry', dialect: curator, ...options });
    this.ended = this.#follow();
    this.ended.catch(() => {}); // whoever expects it awaits it
  }

  /** `address:port` of the endpoints, by service. */
  get shown(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.services].map(([name, { endpoints }]) => [
        name,
        endpoints.map(({ address, port }) => `${address}:${port}`),
      ]),
    );
  }

  get problems(): Record<string, string> {
    return Object.fromEntries(
      [...this.source.problems].sort().map(([path, { code }]) => [path, code]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended.catch(() => {});
  }

  async #follow(): Promise<void> {
    for await (const change of this.source.changes(this.#stop.signal)) {
      this.told.push(change);
      if (change.type === 'reset') this.services.clear();
      if (change.type === 'remove') this.services.delete(change.name);
      const services = change.type === 'reset' ? change.services : [];
      for (const service of change.type === 'upsert' ? [change.service] : services)
        this.services.set(service.name, service);
    }
  }
}

const instance = (port: number, address = '10.0.0.1') => JSON.stringify({ address, port });
const equal = (look: () => unknown, expected: unknown) =>
  until(() => {
    assert.deepEqual(look(), expected);
    return true;
  });

describe('TreeSource', { concurrency: true }, () => {
  for (const [name, start] of Object.entries(servers))
    describe(`on ${name}`, () => {
      const on = stage(start);
      /** A fresh root with these znodes. */
      const tree = async (nodes: Record<string, string>) => {
        const root = on.fresh();
        await on.zk.create(root);
        for (const [path, data] of Object.entries(nodes))
          await on.zk.create(`${root}/${path}`, data);
        return root;
      };

      test('a reset, then services as they change', async () => {
        const root = await tree({ app: '', 'app/1': instance(1), empty: '' });
        await using consumer = new Consumer({ zk: on.zk, root });
        assert.deepEqual(consumer.source.state, { type: 'starting' });
        await equal(() => consumer.shown, { app: ['10.0.0.1:1'] });
        assert.deepEqual(consumer.source.state, { type: 'live' });
        await on.zk.create(`${root}/app/2`, instance(2));
        await equal(() => consumer.shown, { app: ['10.0.0.1:1', '10.0.0.1:2'] });
        await on.zk.set(`${root}/app/2`, instance(3));
        await equal(() => consumer.shown, { app: ['10.0.0.1:1', '10.0.0.1:3'] });
        await on.zk.create(`${root}/other`);
        await on.zk.create(`${root}/other/1`, instance(9));
        await equal(() => consumer.shown.other, ['10.0.0.1:9']);
        assert.equal(consumer.told.filter(({ type }) => type === 'reset').length, 1);
        assert.equal(consumer.told[0]?.type, 'reset');
      });

      test('a service is empty while its directory is there, and goes with it', async () => {
        const root = await tree({ app: '', 'app/1': instance(1) });
        await using consumer = new Consumer({ zk: on.zk, root });
        await equal(() => consumer.shown, { app: ['10.0.0.1:1'] });
        await on.zk.delete(`${root}/app/1`);
        await equal(() => consumer.shown, { app: [] });
        await on.zk.delete(`${root}/app`);
        await equal(() => consumer.shown, {});
        const last = consumer.told.at(-1);
        assert.deepEqual(last?.type === 'remove' && last.name, 'app');
      });

      test('names with slashes, as Spring nests them', async () => {
        const root = await tree({ a: '10.0.0.9', 'a/b': '', 'a/b/nested': '' });
        await using consumer = new Consumer({ zk: on.zk, root });
        await until(() => consumer.told.length === 1);
        await on.zk.create(`${root}/a/b/nested/1`, instance(1));
        await equal(() => consumer.shown, { 'a/b/nested': ['10.0.0.1:1'] });
        assert.deepEqual(consumer.problems, {});
      });

      test('starting, live, stale, live: it serves on while the connection is away', async () => {
        const root = await tree({ app: '', 'app/1': instance(1) });
        for (const recursive of [true, false]) {
          await using proxy = await startFaultProxy({ target: on.target });
          await using client = await connect({ connect: proxy.connect, onExpired: 'renew' });
          await using consumer = new Consumer({ zk: client, root, recursive, now: () => 42 });
          assert.deepEqual(consumer.source.state, { type: 'starting' });
          await equal(() => consumer.source.state, { type: 'live' });
          await until(() => consumer.told.length === 1);
          proxy.refuse();
          proxy.cut();
          await equal(() => consumer.source.state, { type: 'stale', since: 42 });
          const port = recursive ? 2 : 3;
          await on.zk.set(`${root}/app/1`, instance(port));
          assert.equal(consumer.told.length, 1);
          await proxy.accept();
          await equal(() => consumer.source.state, { type: 'live' });
          await equal(() => consumer.shown, { app: [`10.0.0.1:${port}`] });
          assert.equal(consumer.told[1]?.type, 'reset');
        }
      });

      test('what it can not use is a problem until it is repaired or deleted', async () => {
        const root = await tree({
          app: '',
          'app/good': instance(1),
          'app/broken': '{',
          'app/huge': 'x'.repeat(900 * 1024),
          'app/nowhere': instance(2, 'nowhere.example'),
          'app/bad': instance(0),
        });
        const lookup = async () => {
          throw new Error('ENOTFOUND');
        };
        await using consumer = new Consumer({ zk: on.zk, root, lookup });
        const unusable = {
          [`${root}/app/bad`]: 'bad-address',
          [`${root}/app/broken`]: 'malformed',
          [`${root}/app/huge`]: 'too-large',
          [`${root}/app/nowhere`]: 'bad-address',
        };
        await equal(() => consumer.problems, unusable);
        await equal(() => consumer.shown, { app: ['10.0.0.1:1'] });
        // From one problem to another, on the same znode.
        await on.zk.set(`${root}/app/nowhere`, '{');
        await equal(() => consumer.problems, { ...unusable, [`${root}/app/nowhere`]: 'malformed' });
        await on.zk.set(`${root}/app/nowhere`, instance(2, '10.0.0.2'));
        await on.zk.set(`${root}/app/broken`, instance(3));
        await on.zk.delete(`${root}/app/huge`);
        await on.zk.set(`${root}/app/bad`, '');
        await equal(() => consumer.problems, {});
        await equal(() => consumer.shown, {
          app: ['10.0.0.1:3', '10.0.0.1:1', '10.0.0.2:2'],
        });
        await on.zk.set(`${root}/app/good`, instance(1, 'nowhere.example'));
        await equal(() => consumer.problems, { [`${root}/app/good`]: 'bad-address' });
        await on.zk.delete(`${root}/app/good`);
        await equal(() => consumer.problems, {});
      });

      test('a znode that may not be read is a problem, over resets, until it is deleted', async () => {
        const root = await tree({ app: '', 'app/1': instance(1) });
        await using owner = await connect({ connect: on.connect });
        await owner.addAuth('digest', 'ann:secret');
        await owner.create(`${root}/app/2`, instance(2), { acl: CREATOR_ALL_ACL });
        await using proxy = await startFaultProxy({ target: on.target });
        await using client = await connect({ connect: proxy.connect, onExpired: 'renew' });
        await using consumer = new Consumer({ zk: client, root, retry: 50 });
        await until(() => consumer.told.length === 1);
        assert.deepEqual(consumer.problems, { [`${root}/app/2`]: 'unreadable' });
        assert.deepEqual(consumer.shown, { app: ['10.0.0.1:1'] });
        proxy.cut();
        await until(() => consumer.told.length === 2);
        assert.deepEqual(consumer.problems, { [`${root}/app/2`]: 'unreadable' });
        await owner.delete(`${root}/app/2`);
        await equal(() => consumer.problems, {});
      });

      test('ends with its client; of a session that is not renewed, with an error', async () => {
        const root = await tree({ app: '', 'app/1': instance(1) });
        await using client = await connect({ connect: on.connect });
        await using consumer = new Consumer({ zk: client, root });
        await equal(() => consumer.source.state, { type: 'live' });
        await client.close();
        await consumer.ended;
        assert.equal(consumer.source.state.type, 'stale');
        await using proxy = await startFaultProxy({ target: on.target });
        await using expiring = await connect({ connect: proxy.connect, sessionTimeout: 1500 });
        await using other = new Consumer({ zk: expiring, root });
        await equal(() => other.source.state, { type: 'live' });
        proxy.refuse();
        proxy.cut();
        await assert.rejects(other.ended, (error) => isZooKeeperError(error, 'SESSION_EXPIRED'));
      });

      test('can be begun again, with a reset and with host names', async () => {
        const root = await tree({ app: '', 'app/1': instance(1, 'a.example') });
        const options = { zk: on.zk, root, lookup: async () => '10.0.0.7' };
        const first = new Consumer(options);
        await equal(() => first.shown, { app: ['10.0.0.7:1'] });
        await first[Symbol.asyncDispose]();
        assert.equal(first.source.state.type, 'stale');
        await on.zk.create(`${root}/app/2`, instance(2, 'b.example'));
        await using second = new Consumer(options, first.source);
        await equal(() => second.shown, { app: ['10.0.0.7:1', '10.0.0.7:2'] });
        assert.equal(second.told[0]?.type, 'reset');
        assert.deepEqual(second.source.state, { type: 'live' });
      });
    });

  describe('host names', () => {
    let server: Awaited<ReturnType<(typeof servers)['embedded server']>>;
    let zk: ZooKeeper;
    before(async () => {
      server = await servers['embedded server']();
      zk = await connect({ connect: server.connect });
    });
    after(async () => {
      await zk?.close();
      await server?.close();
    });

    test('a slow lookup holds up nobody; the instance comes when it is done', async () => {
      const slow = Promise.withResolvers<string>();
      const lookup = (host: string) =>
        host === 'slow.example' ? slow.promise : Promise.resolve('10.0.0.8');
      await zk.create('/slow');
      await zk.create('/slow/app');
      await zk.create('/slow/app/1', instance(1, 'slow.example'));
      await zk.create('/slow/app/2', instance(2, 'fast.example'));
      await zk.create('/slow/app/3', instance(3));
      await using consumer = new Consumer({ zk, root: '/slow', lookup });
      await equal(() => consumer.shown, { app: ['10.0.0.8:2', '10.0.0.1:3'] });
      await zk.create('/slow/app/4', instance(4));
      await equal(() => consumer.shown, { app: ['10.0.0.8:2', '10.0.0.1:3', '10.0.0.1:4'] });
      assert.deepEqual(consumer.problems, {});
      slow.resolve('10.0.0.9');
      await equal(() => consumer.shown.app?.[0], '10.0.0.9:1');
      const [first] = consumer.services.get('app')!.endpoints;
      assert.equal(first?.hostname, 'slow.example');
    });

    test('what has a name is in the first read, when its address is found soon', async () => {
      const lookup = async () => {
        await setImmediate();
        return '10.0.0.8';
      };
      await zk.create('/named');
      await zk.create('/named/app');
      await zk.create('/named/app/1', instance(1, 'soon.example'));
      await zk.create('/named/app/2', instance(2));
      await using consumer = new Consumer({ zk, root: '/named', lookup });
      await until(() => consumer.told.length > 0);
      assert.deepEqual(consumer.shown, { app: ['10.0.0.8:1', '10.0.0.1:2'] });
    });

    test('a name that gets an address later, or another one', async () => {
      const addresses = new Map<string, string>();
      const lookup = async (host: string) => {
        const address = addresses.get(host);
        if (address === undefined) throw new Error('ENOTFOUND');
        return address;
      };
      await zk.create('/later');
      await zk.create('/later/app');
      await zk.create('/later/app/1', instance(1, 'late.example'));
      await using consumer = new Consumer({ zk, root: '/later', lookup, hostTtl: 60 });
      await equal(() => consumer.problems, { '/later/app/1': 'bad-address' });
      assert.deepEqual(consumer.shown, { app: [] });
      addresses.set('late.example', '10.0.0.5');
      await equal(() => consumer.shown, { app: ['10.0.0.5:1'] });
      assert.deepEqual(consumer.problems, {});
      addresses.set('late.example', '10.0.0.6');
      await equal(() => consumer.shown, { app: ['10.0.0.6:1'] });
      addresses.clear();
      await zk.set('/later/app/1', instance(2, 'late.example'));
      await equal(() => consumer.shown, { app: ['10.0.0.6:2'] });
    });
  });
});
