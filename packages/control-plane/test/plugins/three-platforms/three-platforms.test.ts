import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { startPlane } from '../plane.ts';
import { Callers, type RunningInstance, startInstance } from './callers.ts';
import { consulPlatform } from './consul-platform.ts';
import { kubernetesPlatform } from './kubernetes-platform.ts';
import type { Platform } from './platform.ts';
import { ROOTS, zookeeperPlatform } from './zookeeper-platform.ts';

/** How long a platform is lost in each way, in milliseconds: a minute. */
const LOST = process.env.MESHKEEPER_SOAK === '1' ? 60_000 : 500;
/** What was lost is tried again after pauses that have grown with it. */
const patience = { timeout: 20_000 + 2 * LOST };
/** After its return a registry is in doubt for as long: scaled, as the time that it is lost is. */
const RECOVERY = Math.min(LOST, 15_000);

/** A service that has instances at all platforms is called by what each platform calls it. */
const SERVICE = 'web';
const HOSTS = ['web', 'web.mesh', 'web.shop.svc.cluster.local:80', 'web.service.consul'];

describe('one service at three platforms', () => {
  const stack = new AsyncDisposableStack();
  let zookeeper: Awaited<ReturnType<typeof zookeeperPlatform>>;
  let kubernetes: Awaited<ReturnType<typeof kubernetesPlatform>>;
  let consul: Awaited<ReturnType<typeof consulPlatform>>;
  let planes: Awaited<ReturnType<typeof startPlane>>[] = [];
  let callers: Callers;
  let folder: TempDir;
  /** By platform. */
  const running = new Map<Platform, RunningInstance[]>();

  before(async () => {
    folder = stack.use(await tempDir());
    zookeeper = stack.use(await zookeeperPlatform());
    kubernetes = stack.use(await kubernetesPlatform());
    consul = stack.use(await consulPlatform());
    stack.defer(async () => {
      for (const each of instances()) await each[Symbol.asyncDispose]();
    });
    for (const [letter, platform] of Object.entries({ z: zookeeper, k: kubernetes, c: consul })) {
      const own = [await startInstance(`${letter}1`), await startInstance(`${letter}2`)];
      running.set(platform, own);
      for (const instance of own) await platform.register(SERVICE, instance);
    }
    planes = [await startReplica(), await startReplica()];
    for (const plane of planes) stack.use(plane);
    const [{ plane }] = planes as [(typeof planes)[0]];
    callers = stack.use(await Callers.at(plane.xds, HOSTS));
  });
  after(() => stack.disposeAsync());

  const startReplica = () =>
    startPlane(folder.path, {
      zookeeper: { connect: zookeeper.connect, sessionTimeout: '5s' },
      registries: [
        { name: 'registry', dialect: 'curator', root: ROOTS.registry },
        // Nothing of what is mirrored may come back, also where somebody reads it.
        { name: 'mirrored', dialect: 'curator', root: ROOTS.mirror },
      ],
      sources: [
        { name: 'dc', kind: 'consul', address: consul.url, wait: '5s' },
        { name: 'cluster', kind: 'kubernetes', kubeconfig: kubernetes.kubeconfig },
      ],
      destinations: [
        { name: 'to-dc', kind: 'consul', address: consul.url },
        {
          ...{ name: 'to-cluster', kind: 'kubernetes', kubeconfig: kubernetes.kubeconfig },
          namespace: 'mesh',
        },
      ],
      protection: { recovery: RECOVERY },
      mirror: [{ from: { registry: 'cluster' }, to: { dialect: 'curator', root: ROOTS.mirror } }],
    });

  const platforms = () => [zookeeper, kubernetes, consul];
  const instances = () => [...running.values()].flat();
  const names = () =>
    instances()
      .map(({ name }) => name)
      .sort()
      .join(' ');
  /** What the mesh is to have written at a platform. */
  const wanted = (platform: Platform) => {
    const sources =
      platform === zookeeper ? [kubernetes] : platforms().filter((p) => p !== platform);
    const all = sources.flatMap((source) => running.get(source) ?? []);
    return all
      .map((each) => copyOf(each))
      .sort()
      .join(' ');
  };
  const copyOf = ({ address, port }: RunningInstance) => `${SERVICE} ${address}:${port}`;

  /** All is everywhere, and nothing else is. */
  async function converged(): Promise<void> {
    for (const platform of platforms())
      await until(() => platform.ledger.copies === wanted(platform), patience);
    for (const { get, endpoints } of planes) {
      await until(async () => (await endpoints(SERVICE)).length === instances().length, patience);
      await until(async () => {
        const { destinations } = (await get('/api/v1/destinations')) as DestinationsView;
        return destinations.every(({ state }) => state === 'applied' || state === 'standby');
      }, patience);
      const { services } = (await get('/api/v1/services')) as ServicesView;
      assert.deepEqual(
        services.map(({ name, registries }) => [name, registries.join()]),
        [[SERVICE, 'cluster,dc,registry']],
      );
    }
  }

  const stateOf = async (source: string, { get }: (typeof planes)[0]) =>
    ((await get('/readyz')) as ReadyView).registries.find(({ name }) => name === source)?.state;

  /** Whoever calls is answered by those that run: by all of them, and soon by nobody else. */
  async function answered(): Promise<void> {
    await until(() => {
      callers.forgetAnswers();
      return until(() => callers.answers === names(), { timeout: 2_000 }).catch(() => false);
    }, patience);
  }

  test('is balanced as one, by each of its names, and is at each platform once', async () => {
    await converged();
    await answered();
    callers.clear();
    await until(() => callers.counts.reduce((sum, count) => sum + count, 0) >= 120);
    for (const count of callers.counts) assert.ok(count >= 10, String(callers.counts));
    assert.deepEqual(callers.failures, []);
    for (const { ledger } of platforms()) {
      const writes = ledger.take();
      assert.ok(
        writes.every((write) => write.startsWith('added')),
        writes.join('\n'),
      );
    }
  });

  test('is shown with what each platform calls it, and found by that in DNS', async () => {
    const [{ plane, get }] = planes as [(typeof planes)[0]];
    const { hosts } = (await get(`/api/v1/services/${SERVICE}`)) as { readonly hosts: string[] };
    const inCluster = ['web.shop', 'web.shop.svc', 'web.shop.svc.cluster.local'];
    assert.deepEqual(hosts, ['web.service.consul', 'web.service.dc1.consul', ...inCluster]);
    const resolver = new Resolver();
    resolver.setServers([plane.dns ?? '']);
    const [only] = instances();
    for (const host of ['web.service.consul', 'web.shop.svc.cluster.local'])
      assert.deepEqual(new Set(await resolver.resolve4(host)), new Set([only?.address]));
    await assert.rejects(resolver.resolve4('db.service.consul'), { code: 'EREFUSED' });
  });

  /** An instance is taken out, and ends; who calls notices nothing. */
  async function die(platform: Platform): Promise<RunningInstance> {
    const [staying, dying] = running.get(platform) as [RunningInstance, RunningInstance];
    await platform.deregister(SERVICE, dying);
    running.set(platform, [staying]);
    for (const { endpoints } of planes)
      await until(async () => (await endpoints(SERVICE)).length === instances().length, patience);
    await answered();
    await dying[Symbol.asyncDispose]();
    return dying;
  }

  async function comeBack(platform: Platform, { name, port }: RunningInstance): Promise<void> {
    const again = await startInstance(name, port);
    running.set(platform, [...(running.get(platform) ?? []), again]);
    await platform.register(SERVICE, again);
  }

  /** Each has written just this, where the mesh brings what is registered at `platform`, and else nothing. */
  function wrote(platform: Platform, write: string, where = platforms()): void {
    for (const each of where) {
      const isBrought = each !== platform && (each !== zookeeper || platform === kubernetes);
      assert.deepEqual(each.ledger.take(), isBrought ? [write] : [], each.source);
    }
  }

  /** It is away, in one way after the other, and nobody is worse off. */
  async function lose(lost: Platform, meanwhile: () => Promise<void>): Promise<void> {
    const states = () => Promise.all(planes.map((plane) => stateOf(lost.source, plane)));
    const are = async (state: string) => (await states()).every((each) => each === state);
    let first = true;
    for (const { lose: begin, longest = LOST } of lost.losses) {
      const end = performance.now() + Math.min(LOST, longest);
      await begin();
      await until(() => are('stale'), patience);
      if (first) await meanwhile();
      first = false;
      await pause(Math.max(0, end - performance.now()));
      assert.ok(await are('stale'), 'that it is away is said for as long as it is');
      for (const { endpoints } of planes)
        assert.equal((await endpoints(SERVICE)).length, instances().length);
      await answered();
    }
    assert.deepEqual(lost.ledger.writes, []);
    await lost.back();
    await until(() => are('live'), patience);
  }

  /** Which platform is lost, and at which an instance dies meanwhile. */
  const scenes = [
    ['ZooKeeper', () => zookeeper, () => kubernetes],
    ['Kubernetes', () => kubernetes, () => consul],
    ['Consul', () => consul, () => zookeeper],
  ] as const;
  for (const [title, lostOf, otherOf] of scenes)
    test(`${title} is lost, in each way that it can be: nothing goes but what has gone`, async () => {
      const [lost, other] = [lostOf(), otherOf()];
      const third = platforms().filter((each) => each !== lost && each !== other);
      callers.clear();
      let dead: RunningInstance | undefined;
      try {
        await lose(lost, async () => {
          dead = await die(other);
          // Who writes is found out in ZooKeeper: without it nobody does.
          if (lost === zookeeper) return;
          for (const { ledger } of third.filter((each) => each !== zookeeper))
            await until(() => ledger.writes.length > 0, patience);
        });
      } finally {
        await lost.back();
      }
      assert.ok(dead);
      await converged();
      await answered();
      wrote(other, `removed ${copyOf(dead)}`);
      await comeBack(other, dead);
      await converged();
      await answered();
      wrote(other, `added ${copyOf(dead)}`);
      assert.deepEqual(callers.failures, []);
    });

  test('one replica has written all of it, and when it is gone the other one does', async () => {
    const writers = async ({ get }: (typeof planes)[0]) =>
      ((await get('/api/v1/destinations')) as DestinationsView).destinations.filter(
        ({ leads }) => leads === true,
      ).length;
    const [first, second] = planes as [(typeof planes)[0], (typeof planes)[0]];
    const all = (await writers(first)) + (await writers(second));
    assert.equal(all, 3, 'each destination has one that writes');
    await second.plane.close();
    planes = [first];
    await until(async () => (await writers(first)) === 3, patience);
    await converged();
    const dead = await die(consul);
    await converged();
    wrote(consul, `removed ${copyOf(dead)}`);
  });
});

interface ServicesView {
  readonly services: readonly { readonly name: string; readonly registries: readonly string[] }[];
}

interface DestinationsView {
  readonly destinations: readonly { readonly state: string; readonly leads?: boolean }[];
}

interface ReadyView {
  readonly registries: readonly { readonly name: string; readonly state: string }[];
}
