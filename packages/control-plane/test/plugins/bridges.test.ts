import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DataPlane, DestinationPlugin } from '@meshkeeper/mesh';
import { curator } from '@meshkeeper/registries';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { loadConfig } from '../../src/index.ts';
import { memoryDestination, memorySource, onPlatform, Platform, writeModule } from './memory.ts';
import { startPlane } from './plane.ts';

let server: ZooKeeperServer;
let zk: ZooKeeper;
let folder: TempDir;
before(async () => {
  server = await startZooKeeperServer({ port: 0 });
  zk = await connect({ connect: server.connect });
  folder = await tempDir();
});
after(async () => {
  await folder?.close();
  await zk?.close();
  await server?.close();
});

async function register(service: string, address: string): Promise<string> {
  const registration = { service, address, port: 80, id: address };
  const [entry] = curator.encode('/r', registration, Date.now());
  await zk.create(entry!.path, entry!.data, { parents: true });
  return entry!.path;
}

test('what goes out by one bridge and is read by another never comes back', async () => {
  const platforms = new Map([
    ['a', new Platform()],
    ['b', new Platform()],
  ]);
  const [a, b] = [platforms.get('a')!, platforms.get('b')!];
  const plugins = [memorySource(platforms), memoryDestination(platforms)];
  a.set('web', [onPlatform('10.0.0.1:80')]);
  const own = onPlatform('10.0.0.9:80');
  b.set('else', [own]);
  await register('files', '10.0.1.1');
  await using plane = await startPlane(folder.path, {
    ...onRegistry(),
    plugins: [writeModule(folder.path, plugins)],
    sources: [
      { name: 'source-a', kind: 'memory', platform: 'a' },
      { name: 'source-b', kind: 'memory', platform: 'b' },
    ],
    destinations: [
      { name: 'to-a', kind: 'memory-copy', platform: 'a', from: { registry: 'source-b' } },
      { name: 'to-b', kind: 'memory-copy', platform: 'b', from: { services: ['web', 'files'] } },
    ],
  });
  await until(() => ['web', 'files'].every((name) => b.services.has(name)));
  await until(() => a.services.has('else'));
  assert.deepEqual(await plane.endpoints('web'), ['10.0.0.1:80 source-a Endpoint 10.0.0.1:80']);
  assert.deepEqual(await plane.endpoints('else'), ['10.0.0.9:80 source-b Endpoint 10.0.0.9:80']);

  const [written] = b.services.get('web')!;
  assert.match(written?.metadata['meshkeeper.mirror'] ?? '', /^[0-9a-f]{12}\/to-b\/source-a$/);

  // What is gone where it was registered is gone everywhere: nothing holds itself up.
  a.set('web', [onPlatform('10.0.0.2:80')]);
  await until(() => b.services.get('web')?.[0]?.id === '10.0.0.2:80');
  a.delete('web');
  b.delete('else');
  await until(() => !b.services.has('web') && !a.services.has('else'));
  assert.deepEqual(await plane.endpoints('web'), []);
  assert.deepEqual(await plane.endpoints('else'), []);
});

test('destinations are listed, each with how far it is', async () => {
  const platforms = new Map([['p', new Platform()]]);
  const fails = {
    ...{ kind: 'destination', name: 'fails', schema: anything },
    open: () => Promise.reject(new Error('nobody is there')),
  } as const;
  const hangs = {
    ...{ kind: 'destination', name: 'hangs', schema: anything },
    open: () => new Promise<never>(() => {}),
  } as const;
  const throws = {
    ...{ kind: 'destination', name: 'throws', schema: anything },
    open: async () =>
      dataPlane('throws', () => {
        throw new Error('full');
      }),
  } as const;
  const slow = {
    ...{ kind: 'destination', name: 'slow', schema: anything },
    open: async () => dataPlane('slow', () => new Promise<never>(() => {})),
  } as const;
  await register('listed', '10.0.1.2');
  await using plane = await startPlane(folder.path, {
    ...onRegistry(),
    plugins: [writeModule(folder.path, [fails, hangs, throws, slow, memoryDestination(platforms)])],
    destinations: [
      ...['fails', 'hangs', 'throws', 'slow'].map((kind) => ({ name: kind, kind })),
      { name: 'works', kind: 'memory-copy', platform: 'p' },
    ],
    mirror: [{ to: { dialect: 'spring', root: '/mirrored' } }],
  });
  const list = async () => (await plane.get('/api/v1/destinations')) as DestinationsView;
  await until(() => platforms.get('p')!.services.has('listed'));
  const stateOf = (view: DestinationsView) =>
    Object.fromEntries(
      view.destinations.map(({ name, kind, state }) => [name, `${kind} ${state}`]),
    );
  const wanted = {
    ...{ xds: 'xds applied', dns: 'dns applied', 'catalog-to-spring': 'mirror applied' },
    ...{ fails: 'fails failing', hangs: 'hangs starting', throws: 'throws failing' },
    ...{ slow: 'slow starting', works: 'memory-copy applied' },
  };
  await until(async () => JSON.stringify(stateOf(await list())) === JSON.stringify(wanted));
  const { revision, destinations } = await list();
  const by = new Map(destinations.map((each) => [each.name, each]));
  assert.equal(by.get('works')?.revision, revision);
  assert.equal(by.get('fails')?.message, 'nobody is there');
  assert.equal(by.get('throws')?.message, 'full');
  assert.equal(by.get('catalog-to-spring')?.leads, true);
  const metrics = await (await fetch(`${plane.plane.api}/metrics`)).text();
  const value = (metric: string, name: string) =>
    new RegExp(`^${metric}\\{destination="${name}",kind="[^"]*"\\} (.*)$`, 'm').exec(metrics)?.[1];
  assert.equal(value('meshkeeper_destination_up', 'works'), '1');
  assert.equal(value('meshkeeper_destination_up', 'fails'), '0');
  assert.equal(value('meshkeeper_destination_applied_revision', 'works'), String(revision));
  assert.equal(value('meshkeeper_destination_applied_revision', 'fails'), undefined);
});

test('a source that fails is opened again, and what it said is served on', async () => {
  const platforms = new Map([['p', new Platform()]]);
  const platform = platforms.get('p')!;
  platform.set('again', [onPlatform('10.0.2.1:80')]);
  let stop = () => {};
  let refused = 0;
  const memory = memorySource(platforms);
  const breaking = {
    ...memory,
    async open(settings, context) {
      if (context.dataDir !== undefined) assert.equal(basename(context.dataDir), 'breaks');
      assert.match(context.mesh, /^[0-9a-f]{12}$/);
      assert.equal(context.resolve('x/y'), join(folder.path, 'x/y'));
      if (refused === 1) {
        refused++;
        throw new Error('not now');
      }
      const source = await memory.open(settings, context);
      const ends = new AbortController();
      stop = () => ends.abort();
      return {
        name: source.name,
        get state() {
          return source.state;
        },
        problems: source.problems,
        async *changes(signal) {
          yield* source.changes(AbortSignal.any([signal, ends.signal]));
          throw new Error('cut');
        },
        [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
      };
    },
  } satisfies typeof memory;
  await register('beside', '10.0.1.3');
  await using plane = await startPlane(folder.path, {
    ...onRegistry(),
    plugins: [writeModule(folder.path, [breaking])],
    sources: [
      {
        ...{ name: 'breaks', kind: 'memory', platform: 'p', prefix: 'k8s-' },
        locality: { zone: 'z1' },
      },
    ],
  });
  const served = ['10.0.2.1:80 breaks Endpoint 10.0.2.1:80'];
  await until(async () => (await plane.endpoints('k8s-again')).length === 1);
  const shown = async () =>
    ((await plane.get('/api/v1/services')) as ServicesView).registries.find(
      ({ name }) => name === 'breaks',
    );
  assert.equal((await shown())?.state, 'live');
  refused = 1;
  stop();
  await until(async () => (await shown())?.state === 'stale');
  assert.deepEqual(await plane.endpoints('k8s-again'), served);
  assert.match((await shown())?.problems[0]?.message ?? '', /tried again: (cut|not now)/);
  await until(() => refused === 2);
  await until(async () => (await shown())?.state === 'live');
  assert.deepEqual((await shown())?.problems, []);
  platform.set('again', [onPlatform('10.0.2.1:80'), onPlatform('10.0.2.2:80')]);
  await until(async () => (await plane.endpoints('k8s-again')).length === 2);
  const view = (await plane.get('/api/v1/explain/k8s-again')) as object;
  assert.match(JSON.stringify(view), /"path":"Endpoint 10.0.2.1:80","version":"7"/);
  assert.match(JSON.stringify(view), /"zone":"z1"/);
});

test('what is wrong with sources and destinations is said at once, before anything starts', async () => {
  const platforms = new Map([['p', new Platform()]]);
  const plugins = [writeModule(folder.path, [memorySource(platforms)])];
  const wrong = (config: Readonly<Record<string, unknown>>) =>
    startPlane(folder.path, { ...onRegistry(), ...config }).then(
      () => assert.fail('it has started'),
      (error: Error) => error.message,
    );
  const unresolved = await wrong({
    plugins,
    sources: [
      { name: 'a', kind: 'memory', platform: 'x' },
      { name: 'b', kind: 'smoke' },
    ],
    destinations: [{ name: 'c', kind: 'memory' }],
  });
  assert.match(unresolved, /^sources: "a": platform: there is no such platform$/m);
  assert.match(unresolved, /^sources: "b" is of the kind "smoke", which nobody brings: .*memory/m);
  assert.match(unresolved, /^destinations: "c" is of the kind "memory", which nobody brings/m);
  const unparsed = await wrong({
    sources: [
      { name: 'r', kind: 'smoke' },
      { name: '../x', kind: 'smoke' },
    ],
    destinations: [
      { name: 'xds', kind: 'smoke', from: { registry: 'nobody' } },
      { name: 'm', kind: 'smoke' },
    ],
    mirror: [{ name: 'm', to: { dialect: 'spring' } }],
  });
  assert.match(unparsed, /sources\.1\.name: letters, digits/);
  const named = await wrong({
    sources: [{ name: 'r', kind: 'smoke' }],
    destinations: [
      { name: 'xds', kind: 'smoke', from: { registry: 'nobody' } },
      { name: 'm', kind: 'smoke' },
    ],
    mirror: [{ name: 'm', to: { dialect: 'spring' } }],
  });
  for (const expected of [
    /sources\.0\.name: "r" names two of the registries and sources/,
    /sources\.0\.kind: "smoke" is nothing that is built in/,
    /destinations\.0\.name: "xds" names two/,
    /destinations\.0\.from\.registry: there is no registry or source "nobody": write r/,
    /destinations\.1\.name: "m" names two of the destinations and mirrors/,
    /destinations\.1\.kind: "smoke" is nothing/,
  ])
    assert.match(named, expected);
});

interface DestinationsView {
  readonly revision: number;
  readonly destinations: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: string;
    readonly revision?: number;
    readonly message?: string;
    readonly leads?: boolean;
  }[];
}

interface ServicesView {
  readonly registries: readonly {
    readonly name: string;
    readonly state: string;
    readonly problems: readonly { readonly message: string }[];
  }[];
}

/** Of settings that say nothing. */
const anything: DestinationPlugin['schema'] = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** The registry beside the bridges; what is gone is gone at once. */
function onRegistry() {
  return {
    zookeeper: { connect: server.connect },
    registries: [{ name: 'r', dialect: 'curator', root: '/r' }],
    protection: { absorb: 0, limbo: 0, recovery: 0, lastInstance: false },
  };
}

function dataPlane(name: string, update: () => unknown): DataPlane {
  return {
    ...{ name, state: { type: 'starting' }, problems: new Map(), update },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}

test('after a restart what was served is served; nothing is written until all is read', async () => {
  const platforms = new Map([
    ['p', new Platform()],
    ['q', new Platform()],
  ]);
  const [p, q] = [platforms.get('p')!, platforms.get('q')!];
  p.set('kept', [onPlatform('10.0.3.1:80')]);
  const path = await register('kept-too', '10.0.1.4');
  const opens = Promise.withResolvers<void>();
  let held = false;
  const memory = memorySource(platforms);
  const holding = {
    ...memory,
    async open(settings, context) {
      if (held) await opens.promise;
      return memory.open(settings, context);
    },
  } satisfies typeof memory;
  const config = {
    ...onRegistry(),
    plugins: [writeModule(folder.path, [holding, memoryDestination(platforms)])],
    sources: [{ name: 'source', kind: 'memory', platform: 'p' }],
    destinations: [
      { name: 'to-q', kind: 'memory-copy', platform: 'q', from: { services: ['kept*'] } },
    ],
    controlPlane: { dataDir: join(folder.path, 'data') },
  };
  {
    await using plane = await startPlane(folder.path, config);
    await until(() => q.services.has('kept') && q.services.has('kept-too'));
    assert.equal((await plane.endpoints('kept')).length, 1);
  }
  // Gone while nobody looked: one is known at once, of the other it isn't known yet.
  await zk.delete(path);
  held = true;
  q.written.length = 0;
  await using plane = await startPlane(folder.path, config);
  await until(async () => (await plane.endpoints('kept-too')).length === 0);
  assert.deepEqual(await plane.endpoints('kept'), ['10.0.3.1:80 source Endpoint 10.0.3.1:80']);
  assert.deepEqual(q.written, []);
  opens.resolve();
  await until(() => q.written.length > 0);
  assert.deepEqual(q.written, ['added kept']);
});

test('what a source has is mirrored into a dialect as what a registry has', async () => {
  const platforms = new Map([['p', new Platform()]]);
  platforms.get('p')!.set('pods', [onPlatform('10.0.4.1:80')]);
  await using _ = await startPlane(folder.path, {
    ...onRegistry(),
    plugins: [writeModule(folder.path, [memorySource(platforms)])],
    sources: [{ name: 'cluster', kind: 'memory', platform: 'p' }],
    mirror: [{ from: { registry: 'cluster' }, to: { dialect: 'curator', root: '/for-curator' } }],
  });
  const written = async () => {
    const stat = await zk.exists('/for-curator/pods');
    return stat === null ? [] : (await zk.children('/for-curator/pods')).children;
  };
  await until(async () => (await written()).length === 1);
  const [name] = await written();
  const { data } = await zk.get(`/for-curator/pods/${name}`);
  const instance = JSON.parse(data.toString()) as { address: string; port: number };
  assert.deepEqual([instance.address, instance.port], ['10.0.4.1', 80]);
});

test('of all replicas one writes; when it ends, another does', async () => {
  const terms: string[] = [];
  const elected = (replica: string) =>
    ({
      ...{ kind: 'destination', name: 'elected', schema: anything },
      async open(_, { leader, signal }) {
        const following = (async () => {
          for await (const term of leader.changes(signal)) {
            terms.push(`${replica} ${term === undefined ? 'waits' : 'writes'}`);
            term?.addEventListener('abort', () => terms.push(`${replica} has ended`));
          }
        })();
        return { ...dataPlane(replica, () => {}), close: () => following };
      },
    }) satisfies DestinationPlugin;
  const start = (replica: string) =>
    startPlane(folder.path, {
      ...onRegistry(),
      plugins: [writeModule(folder.path, [elected(replica)])],
      destinations: [{ name: 'shared', kind: 'elected' }],
    });
  const leads = async (plane: Awaited<ReturnType<typeof start>>) => {
    const { destinations } = (await plane.get('/api/v1/destinations')) as DestinationsView;
    const { state, leads: does } = destinations.find(({ name }) => name === 'shared')!;
    return does === false ? state : does;
  };
  const first = await start('a');
  await until(() => terms.includes('a writes'));
  await using second = await start('b');
  await until(() => terms.includes('b waits'));
  assert.equal(await leads(first), true);
  assert.equal(await leads(second), 'standby');
  assert.ok(!terms.includes('b writes'));
  await first[Symbol.asyncDispose]();
  await until(() => terms.includes('b writes'));
  assert.ok(terms.indexOf('a has ended') < terms.indexOf('b writes'), terms.join());
  await until(async () => (await leads(second)) === true);
});

test('settings of built-in kinds are checked where they stand, with all else that is wrong', async () => {
  const file = join(folder.path, 'wrong.yaml');
  writeFileSync(
    file,
    `sources:
  - name: cluster
    kind: kubernetes
    namespaces: [ 'not a name' ]
    nonsense: 1
  - { name: dc, kind: consul, address: 'ftp://x' }
destinations:
  - name: out
    kind: consul
    maxDeleteShare: 2
gateway: { listen: nowhere }
`,
  );
  const { message } = await loadConfig({ file }).then(
    () => assert.fail('it is taken'),
    (error: Error) => error,
  );
  const lines = message.replaceAll(`${file}:`, '').split('\n');
  const says = (expected: RegExp) =>
    assert.ok(
      lines.some((line) => expected.test(line)),
      message,
    );
  says(/^ {2}4: sources\.0\.namespaces\.0: the name of a namespace/);
  says(/^ {2}5: sources\.0\.nonsense: there is no such setting/);
  says(/^ {2}6: sources\.1\.address: write http:/);
  says(/^ {2}10: destinations\.0\.maxDeleteShare: /);
  says(/^ {2}11: gateway\.listen: /);
});
