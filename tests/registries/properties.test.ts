import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type FaultProxy,
  skipWithout,
  startFaultProxy,
  startZooKeeper,
  until,
} from '@meshkeeper/testbed';
import { connect, parseConnectString, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import fc from 'fast-check';
import { Catalog } from './support/catalog.ts';
import { startRequestProxy } from './support/request-proxy.ts';
import { REGISTRIES, Writers } from './support/writers.ts';

/** What is waited for here is over soon. */
const QUICK = {
  absorb: '1ms',
  limbo: '20ms',
  recovery: '60ms',
  massDrop: { window: '100ms' },
  maxHold: '200ms',
} as const;
/** Those who write and who look have sessions that outlive whatever a busy machine does, in milliseconds. */
const PATIENCE = 60_000;
const soak = process.env.MESHKEEPER_SOAK === '1';

const write = fc.record({
  registry: fc.nat(REGISTRIES.length - 1),
  service: fc.constantFrom('a', 'b', 'a/nested'),
  port: fc.integer({ min: 1, max: 4 }),
  kind: fc.constantFrom(
    ...(['persistent', 'persistent', 'ephemeral', 'ephemeral'] as const),
    ...(['draining', 'malformed', 'empty', 'below'] as const),
  ),
  application: fc.boolean(),
});
const step = fc.oneof(
  { weight: 120, arbitrary: fc.record({ type: fc.constant('put' as const), write }) },
  {
    weight: 50,
    arbitrary: fc.record({
      type: fc.constant('delete' as const),
      which: fc.nat(),
      again: fc.boolean(),
    }),
  },
  { weight: 20, arbitrary: fc.record({ type: fc.constant('settle' as const) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('cut' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('break' as const), after: fc.nat(4_000) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('restart' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('end a session' as const), which: fc.nat(1) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const servers = {
  'the embedded server': {
    start: () => startZooKeeperServer({ port: 0, tickTime: 200, maxSessionTimeout: PATIENCE }),
    runs: soak ? 400 : 15,
    skip: false as const,
  },
  'Apache ZooKeeper': {
    start: () => startZooKeeper(),
    runs: soak ? 100 : 4,
    skip: skipWithout('zookeeper'),
  },
};

/** A tree of its own, who writes in it, and the control plane that reads it. */
class World implements AsyncDisposable {
  readonly writers: Writers;
  readonly #root: string;
  readonly #server: string;
  readonly #proxy: FaultProxy;
  readonly #anchors: readonly string[];
  #catalog: Catalog;

  private constructor(
    { server, root }: { server: string; root: string },
    proxy: FaultProxy,
    writers: Writers,
    anchors: readonly string[],
    catalog: Catalog,
  ) {
    this.#server = server;
    this.#root = root;
    this.#proxy = proxy;
    this.writers = writers;
    this.#anchors = anchors;
    this.#catalog = catalog;
  }

  static async start(server: string, zk: ZooKeeper, root: string): Promise<World> {
    await zk.create(root);
    const writers = await Writers.start(`${server}${root}`);
    const anchors = await writers.anchor();
    const proxy = await startFaultProxy({ target: parseConnectString(server).hosts[0]! });
    const catalog = await World.#follow(`${proxy.connect}${root}`);
    return new World({ server, root }, proxy, writers, anchors, catalog);
  }

  static #follow(zookeeper: string): Promise<Catalog> {
    return Catalog.start({
      ...{ zookeeper, registries: REGISTRIES, protection: QUICK },
      sessionTimeout: '500ms',
    });
  }

  async play(each: Step): Promise<void> {
    switch (each.type) {
      case 'put':
        return this.writers.put(each.write);
      case 'delete':
        return this.writers.delete(each.which, each.again);
      case 'settle':
        return this.writers.done();
      case 'cut':
        return this.#proxy.cut();
      case 'break':
        // In the middle of whatever is read then.
        this.#proxy.closeMidFrame(each.after);
        return this.#proxy.cut();
      case 'end a session':
        await this.writers.done();
        return this.writers.endSession(each.which);
      case 'restart':
        this.#check();
        await this.#catalog.close();
        this.#catalog = await World.#follow(`${this.#proxy.connect}${this.#root}`);
        return;
      case 'expire':
        this.#proxy.refuse();
        this.#proxy.cut();
        await until(() => this.#proxy.connections === 0);
        await this.#expired();
        return this.#proxy.accept();
    }
  }

  /** After quiet the catalog is what one serves that has only just read everything. */
  async quiet(): Promise<void> {
    await this.writers.done();
    await using fresh = await World.#follow(`${this.#server}${this.#root}`);
    await fresh.ready;
    await until(
      async () => {
        const wanted = await fresh.all();
        const served = await this.#catalog.all();
        for (const [name, { endpoints }] of Object.entries(served)) {
          if (wanted[name] !== undefined || endpoints.length > 0) continue;
          // Who has seen instances in a directory knows that it is a service, as long as it is there.
          assert.ok(await this.writers.isDirectory(name), `${name} is there`);
          delete served[name];
        }
        assert.deepEqual(served, wanted);
        // What was written last may be no service's.
        assert.deepEqual(await this.#catalog.problems(), await fresh.problems());
        return true;
      },
      { message: 'the catalog is what a fresh read gives' },
    );
    this.#check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#catalog.close();
    await this.#proxy.close();
    await this.writers[Symbol.asyncDispose]();
  }

  /** What was served was never a part of what there is. */
  #check(): void {
    for (const { revision, services } of this.#catalog.snapshots)
      for (const anchor of this.#anchors)
        assert.equal(services.get(anchor)?.endpoints.length, 1, `${anchor}, revision ${revision}`);
  }

  /** The control plane's session is over at the server: it has as long as a session that began now. */
  async #expired(): Promise<void> {
    await using proxy = await startFaultProxy({
      target: parseConnectString(this.#server).hosts[0]!,
    });
    await using witness = await connect({ connect: proxy.connect, sessionTimeout: 600 });
    proxy.refuse();
    proxy.cut();
    await until(() => witness.state.type === 'expired');
  }
}

describe('whatever is written, cut and restarted', { concurrency: true }, () => {
  for (const [name, { start, runs, skip }] of Object.entries(servers))
    describe(`on ${name}`, { skip }, () => {
      let server: Awaited<ReturnType<typeof start>>;
      let zk: ZooKeeper;
      let count = 0;
      before(async () => {
        server = await start();
        zk = await connect({ connect: server.connect, sessionTimeout: PATIENCE });
      });
      after(async () => {
        await zk?.close();
        await server?.close();
      });

      test('quiet brings the catalog to a fresh read, and nothing is served in part', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
            await using world = await World.start(server.connect, zk, `/run-${count++}`);
            for (const each of steps) await world.play(each);
            await world.quiet();
          }),
          { numRuns: runs, endOnFailure: true },
        );
      });

      test('nothing is served while one registry has not been read', async () => {
        const root = `/run-${count++}`;
        await zk.create(root);
        await using writers = await Writers.start(`${server.connect}${root}`);
        const anchors = await writers.anchor();
        const read = Promise.withResolvers<void>();
        let held = 0;
        await using proxy = await startRequestProxy(parseConnectString(server.connect).hosts[0]!, {
          before: ({ op, paths }) => {
            if (op !== 'multiRead' || !paths[0]!.startsWith(`${root}/nerve`)) return undefined;
            held++;
            return read.promise;
          },
        });
        await using catalog = await Catalog.start({
          ...{ zookeeper: `${proxy.connect}${root}`, registries: REGISTRIES },
        });
        await until(() => held > 0);
        // What comes meanwhile is served no sooner.
        writers.put({
          ...{ registry: 0, service: 'a', port: 1, kind: 'persistent', application: false },
        });
        await writers.done();
        assert.equal((await fetch(`${catalog.api}/readyz`)).status, 503);
        assert.deepEqual(await catalog.shown(anchors[0]!), []);
        assert.equal(catalog.snapshots.length, 0);
        read.resolve();
        await catalog.ready;
        assert.deepEqual(
          anchors.map((anchor) => catalog.snapshots[0]!.services.get(anchor)?.endpoints.length),
          anchors.map(() => 1),
        );
        await catalog.has('a', { i1: {} });
      });
    });
});
