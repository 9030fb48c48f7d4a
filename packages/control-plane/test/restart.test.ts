import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceChange } from '@meshkeeper/mesh';
import { curator } from '@meshkeeper/registries';
import { freePort, tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { ControlPlaneError, loadConfig, startControlPlane } from '../src/index.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function register(zk: ZooKeeper, id: string, port: number): Promise<void> {
  const [entry] = curator.encode('/discovery', { service: 'a', id, address: '10.0.0.1', port }, 0);
  await zk.create(entry!.path, entry!.data, { parents: true });
}

test('restarted while ZooKeeper is away it serves what it served last, and then nothing flaps', async () => {
  await using folder = await tempDir();
  const port = await freePort();
  const store = { port, dataDir: `${folder.path}/zookeeper`, tickTime: 200 };
  const listen = '127.0.0.1:0';
  const config = await loadConfig({
    flags: {
      zookeeper: { connect: `127.0.0.1:${port}` },
      controlPlane: {
        api: { listen },
        xds: { listen },
        dns: { listen },
        dataDir: `${folder.path}/data`,
      },
      protection: { recovery: '2s' },
    },
  });
  const start = (changes: ServiceChange[] = []) =>
    startControlPlane({
      config,
      logger: silent,
      connectTimeout: 500,
      onSnapshot: (_, fresh) => changes.push(...fresh),
    });

  // Nothing was ever served: there is nothing to start with.
  await assert.rejects(start(), (error) => {
    return error instanceof ControlPlaneError && error.code === 'ZOOKEEPER_UNREACHABLE';
  });
  const server = await startZooKeeperServer(store);
  {
    await using zk = await connect({ connect: server.connect });
    await register(zk, 'one', 1);
    await register(zk, 'two', 2);
    await using plane = await start();
    await plane.ready;
    await register(zk, 'three', 3);
    await until(async () => (await endpoints(plane.api)).length === 3);
  }
  await server.close();

  const changes: ServiceChange[] = [];
  await using plane = await start(changes);
  await plane.ready;
  assert.deepEqual(await endpoints(plane.api), ['one', 'three', 'two']);
  const { status, registries } = await json(plane.api, '/readyz');
  assert.equal(status, 'stale');
  assert.ok(registries.length > 0);
  assert.deepEqual(
    changes.map(({ type }) => type),
    ['added'],
  );

  await using again = await startZooKeeperServer(store);
  await using zk = await connect({ connect: again.connect });
  await until(async () => (await json(plane.api, '/readyz')).status === 'ready');
  await zk.delete('/discovery/a/two');
  await register(zk, 'four', 4);
  await until(async () => (await endpoints(plane.api)).includes('four'));
  await until(async () => (await endpoints(plane.api)).join() === 'four,one,three');
  // Neither the restart nor the recovery took anything away.
  for (const change of changes.slice(1)) {
    assert.ok(change.type === 'updated');
    const left = change.before.endpoints.filter(
      ({ id }) => !change.after.endpoints.some((endpoint) => endpoint.id === id),
    );
    assert.ok(left.every(({ id }) => id === 'two'));
  }
  // Its history reaches back to before the restart, which is no event in it.
  const { entries } = await json(plane.api, '/api/v1/history?service=a');
  const names = (list: { id: string }[]) => list.map(({ id }) => id).join();
  assert.deepEqual(
    entries
      .map(({ type, endpoints: { added, removed } }: HistoryView) => [
        type,
        names(added),
        names(removed),
      ])
      .reverse(),
    [
      ['updated', 'three', ''],
      ['updated', 'four', ''],
      ['updated', '', 'two'],
    ],
  );
  const [last] = entries;
  const difference = await json(plane.api, `/api/v1/diff?from=${last.revision - 2}`);
  assert.equal(difference.to.revision, last.revision);
  assert.deepEqual(
    difference.services.map(({ service, endpoints: { added, removed } }: HistoryView) => [
      service,
      names(added),
      names(removed),
    ]),
    [['a', 'four', 'two']],
  );
});

interface HistoryView {
  readonly service: string;
  readonly type: string;
  readonly endpoints: { added: { id: string }[]; removed: { id: string }[] };
}

async function json(api: string, path: string) {
  return JSON.parse(await (await fetch(`${api}${path}`)).text());
}

async function endpoints(api: string): Promise<string[]> {
  const found = await json(api, '/api/v1/services/a/endpoints');
  return found.endpoints.map(({ id }: { id: string }) => id).sort();
}
