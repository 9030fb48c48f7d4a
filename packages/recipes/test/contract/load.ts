import assert from 'node:assert/strict';
import { startFaultProxy, until } from '@meshkeeper/testbed';
import { connect, isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { Mutex, RecipeError } from '../../src/index.ts';
import { Crowd } from './crowd.ts';
import type { System } from './system.ts';

/** Milliseconds between two writes. */
const PAUSE = process.env.MESHKEEPER_SOAK === '1' ? 20 : 50;
const patience = { timeout: 60_000 };

/**
 * A crowd of sessions loses the network for so long that all of them expire, while somebody else
 * writes what they watch. An error that nobody handles fails the test by itself.
 */
export async function sessionsExpireUnderLoad(system: System): Promise<void> {
  const direct = system.members.map(({ host, port }) => `${host}:${port}`).join();
  await using resources = new AsyncDisposableStack();
  const proxies = await Promise.all(system.members.map((target) => startFaultProxy({ target })));
  for (const proxy of proxies) resources.use(proxy);
  const zk = resources.use(await connect({ connect: direct, sessionTimeout: 10_000 }));
  const servers = proxies.map((proxy) => proxy.connect).join();
  const crowd = resources.use(await Crowd.gather(zk, servers));
  resources.use(writer(zk, `${crowd.root}/data`));
  await until(() => crowd.locks.every(({ holder }) => holder !== undefined), patience);
  await until(() => crowd.sessions.every(({ events }) => events > 0), patience);
  assert.equal((await names(zk, `${crowd.root}/plain`)).length, crowd.sessions.length);

  for (const proxy of proxies) {
    proxy.refuse();
    proxy.cut();
  }
  await Promise.all(crowd.sessions.map(({ over }) => over));
  assert.ok(crowd.locks.every(({ holder }) => holder === undefined));
  const ephemerals = ['plain', 'kept', ...crowd.locks.map((_, i) => `locks/${i}`)];
  await until(async () => {
    await zk.sync(crowd.root);
    const left = await Promise.all(ephemerals.map((path) => names(zk, `${crowd.root}/${path}`)));
    return left.every((children) => children.length === 0);
  }, patience);
  // None of the locks is lost with those who had them.
  await Promise.all(
    crowd.locks.map(async (ledger, i) => {
      const lease = await new Mutex(zk, `${crowd.root}/locks/${i}`).acquire({ timeout: 30_000 });
      ledger.granted('newcomer', lease);
      await lease.release();
    }),
  );

  await Promise.all(proxies.map((proxy) => proxy.accept()));
  const renewed = crowd.sessions.filter(({ renews }) => renews);
  await until(() => renewed.every(({ rounds }) => rounds === 2), patience);
  await until(async () => {
    await zk.sync(crowd.root);
    const kept = await names(zk, `${crowd.root}/kept`);
    const owners = await Promise.all(kept.map((name) => ownerOf(zk, `${crowd.root}/kept/${name}`)));
    const found = kept.map((name, i) => `${name} ${owners[i]}`).sort();
    assert.deepEqual(found, renewed.map((it) => `${it.name} ${it.sessionId}`).sort());
    return true;
  }, patience);
  // What nobody keeps nobody creates again, and who has had a lock leaves nothing in its queue.
  for (const path of ephemerals.filter((path) => path !== 'kept'))
    assert.deepEqual(await names(zk, `${crowd.root}/${path}`), []);
  const before = renewed.map(({ events }) => events);
  await until(() => renewed.every(({ events }, i) => events > before[i]!), patience);
  for (const { renews, zk: gone, rounds, end } of crowd.sessions) {
    if (renews) continue;
    assert.equal(rounds, 1);
    assert.ok(end instanceof RecipeError && /^(LOST|SUSPENDED)$/.test(end.code), String(end));
    await assert.rejects(gone.get('/'), (error) => isZooKeeperError(error, 'SESSION_EXPIRED'));
  }
  assert.deepEqual(
    crowd.locks.flatMap(({ violations }) => violations),
    [],
  );
}

/** Writes without a pause until it is disposed of. */
function writer(zk: ZooKeeper, path: string): AsyncDisposable {
  let stopped = false;
  const written = (async () => {
    for (let i = 0; !stopped; i++) {
      await zk.set(path, `${i}`);
      // All sessions are told of each.
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  })();
  return {
    [Symbol.asyncDispose]() {
      stopped = true;
      return written;
    },
  };
}

async function names(zk: ZooKeeper, path: string): Promise<readonly string[]> {
  return (await zk.exists(path)) === null ? [] : (await zk.children(path)).children;
}

async function ownerOf(zk: ZooKeeper, path: string): Promise<bigint | undefined> {
  return (await zk.exists(path))?.ephemeralOwner;
}
