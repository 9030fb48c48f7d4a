import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  NO_LOCALITY,
  type OpenSource,
  type PolicyStanding,
  type SourceContext,
  type SourcePlugin,
  type SourcePolicy,
  type SourceState,
} from '@meshkeeper/mesh';
import { type TempDir, tempDir, until } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { writeModule } from '../../plugins/memory.ts';
import { startPlane } from '../../plugins/plane.ts';

let server: ZooKeeperServer;
let folder: TempDir;
before(async () => {
  server = await startZooKeeperServer({ port: 0 });
  folder = await tempDir();
});
after(async () => {
  await folder?.close();
  await server?.close();
});

const anything: SourcePlugin['schema'] = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** A platform that has one service, and policies. */
class Platform {
  readonly #changed = new Set<() => void>();
  context: SourceContext | undefined;
  standings: ReadonlyMap<string, PolicyStanding> = new Map();
  opened = 0;
  policies: readonly SourcePolicy[] | undefined;
  #failure: Error | undefined;

  get plugin(): SourcePlugin {
    return {
      ...{ kind: 'source', name: 'platform', schema: anything },
      open: async (_, context) => {
        this.context = context;
        this.opened++;
        return this.#open();
      },
    };
  }

  set(policies: readonly SourcePolicy[]): void {
    this.policies = policies;
    this.#wake();
  }

  fail(): void {
    this.#failure = new Error('cut');
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#changed) wake();
  }

  #open(): OpenSource {
    const platform = this;
    const state: SourceState = { type: 'live' };
    return {
      ...{ name: 'platform', state, problems: new Map() },
      async *changes(signal) {
        yield { type: 'reset', services: [web] };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
      policies: {
        state,
        async *changes(signal) {
          while (!signal.aborted) {
            const news = Promise.withResolvers<void>();
            platform.#changed.add(news.resolve);
            signal.addEventListener('abort', () => news.resolve());
            if (platform.#failure !== undefined) {
              const failure = platform.#failure;
              platform.#failure = undefined;
              throw failure;
            }
            if (platform.policies !== undefined) yield platform.policies;
            await news.promise;
          }
        },
        judged(standings) {
          platform.standings = standings;
        },
      },
      async [Symbol.asyncDispose]() {},
    };
  }
}

const web = {
  ...{ name: 'web', protocol: 'http' as const },
  endpoints: [
    {
      ...{ id: '10.0.0.1:80', address: '10.0.0.1', port: 80, weight: 100, locality: NO_LOCALITY },
      ...{ health: 'healthy' as const, metadata: {} },
      origin: { registry: 'p', path: 'web', version: '1' },
    },
  ],
};

function policy(name: string, createdAt: number, spec: object = {}): SourcePolicy {
  return {
    ...{ id: name, version: JSON.stringify(spec), createdAt },
    document: {
      ...{ apiVersion: 'meshkeeper.io/v1', kind: 'ServicePolicy', metadata: { name } },
      spec: { targetRefs: [{ name: 'p/web' }], ...spec },
    },
  };
}

interface ListView {
  readonly policies: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly spec: { readonly panicThreshold?: number };
  }[];
}

test('a plug-in that has policies besides its services', async () => {
  const platform = new Platform();
  await using plane = await startPlane(folder.path, {
    zookeeper: { connect: server.connect },
    registries: [{ name: 'r', dialect: 'curator', root: '/r' }],
    plugins: [writeModule(folder.path, [platform.plugin])],
    sources: [{ name: 'p', kind: 'platform', prefix: 'p/' }],
    protection: { absorb: 0, limbo: 0, recovery: 0, lastInstance: false },
  });
  const list = async () => ((await plane.get('/api/v1/policies')) as ListView).policies;
  const isReady = async () => (await fetch(`${plane.plane.api}/readyz`)).status === 200;

  // Nothing is served before it is known what is said of it.
  await until(() => platform.opened === 1);
  assert.equal(await isReady(), false);
  assert.equal(platform.context?.nameOf('web'), 'p/web');
  platform.set([
    policy('young', 2, { panicThreshold: 1 }),
    policy('old', 1, { panicThreshold: 2 }),
  ]);
  await until(isReady);
  assert.deepEqual(
    (await list()).map(({ metadata: { namespace, name } }) => `${namespace} ${name}`),
    ['@p old', '@p young'],
  );
  const standing = (id: string, type: string) =>
    platform.standings.get(id)?.conditions.find((each) => each.type === type);
  await until(() => standing('old', 'Accepted')?.status === 'True');
  assert.equal(standing('young', 'Accepted')?.reason, 'Conflicted', 'the older one counts');
  assert.equal(standing('old', 'Programmed')?.reason, 'NoDataPlane');

  // What is not valid leaves what was there before in place.
  const invalid = policy('old', 1, { panicThreshold: 'much' });
  platform.set([invalid]);
  await until(() => standing('old', 'Accepted')?.reason === 'Invalid');
  assert.equal(platform.standings.get('old')?.version, invalid.version);
  assert.match(standing('old', 'Accepted')?.message ?? '', /panicThreshold/);
  assert.deepEqual(
    (await list()).map(({ metadata, spec }) => [metadata.name, spec.panicThreshold]),
    [['old', 2]],
  );

  // It is opened again when its policies fail, and told anew how they stand.
  platform.standings = new Map();
  platform.fail();
  await until(() => platform.opened === 2);
  assert.equal((await list()).length, 1);
  await until(() => platform.standings.size === 1);
  platform.set([]);
  await until(async () => (await list()).length === 0);
});
