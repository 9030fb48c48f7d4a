import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Lease, Semaphore, SemaphoreMutex, SharedCount } from '../src/index.ts';
import { onServers } from './on-servers.ts';
import { code, stage } from './stage.ts';

onServers('a semaphore', (start) => {
  const on = stage(start, true);
  const nodes = async (path: string) => [
    (await on.names(`${path}/locks`)).length,
    (await on.names(`${path}/leases`)).length,
  ];
  const waits = (path: string, locks: number, leases: number) =>
    until(async () => String(await nodes(path)) === `${locks},${leases}`);

  test('grants as many leases as it has, in the order of asking', async () => {
    const path = on.path();
    const held = [
      await new Semaphore(on.zk, path, 2).acquire(),
      await new Semaphore(on.other, path, 2).acquire(),
    ];
    await waits(path, 0, 2);
    const order: number[] = [];
    const waiting: Promise<Lease>[] = [];
    for (const i of [0, 1]) {
      const acquiring = new Semaphore(i ? on.zk : on.other, path, 2).acquire();
      waiting.push(acquiring);
      void acquiring.then(() => order.push(i));
      await waits(path, i + 1, 3);
    }
    for (const lease of held) await lease.release();
    for (const lease of await Promise.all(waiting)) await lease.release();
    assert.deepEqual(order, [0, 1]);
    await waits(path, 0, 0);
  });

  test('several leases are had at once or not at all, and are given back one by one', async () => {
    const path = on.path();
    const semaphore = new Semaphore(on.zk, path, 3);
    const two = await semaphore.acquire({ count: 2 });
    assert.equal(two.parts.length, 2);
    await assert.rejects(semaphore.acquire({ count: 2, timeout: 40 }), code('TIMEOUT'));
    await waits(path, 0, 2);
    const pending = semaphore.acquire({ count: 2 });
    await waits(path, 1, 4);
    await two.parts[0].release();
    assert.ok(two.signal.aborted && !two.parts[1]!.signal.aborted);
    await (await pending).release();
    await two.release();
    await waits(path, 0, 0);
    for (const count of [0, 1.5, 4])
      await assert.rejects(semaphore.acquire({ count }), code('ILLEGAL_STATE'));
  });

  test('its limit is a shared count that changes, for Curator too', async () => {
    const path = on.path();
    const limit = new SharedCount(on.zk, on.path(), 1);
    await limit.initialize();
    const semaphore = new Semaphore(on.other, path, limit);
    const curators = { limit: limit.path, timeout: 5000 };
    const first = await semaphore.acquire();
    const second = semaphore.acquire();
    await waits(path, 1, 2);
    await limit.set(2);
    await second;
    const third = on.curator.locks.acquire('semaphore', path, curators);
    await waits(path, 1, 3);
    await limit.set(3);
    assert.equal(await third, true);
    await limit.set(1);
    await first.release();
    await assert.rejects(semaphore.acquire({ timeout: 40 }), code('TIMEOUT'));
    await (await second).release();
    await on.curator.locks.release('semaphore', path);
    await (await semaphore.acquire({ timeout: 5000 })).release();
  });

  test('a limit that is none is told', async () => {
    const semaphore = new Semaphore(on.zk, on.path(), { path: `${on.path()}/missing` });
    await assert.rejects(semaphore.acquire(), code('MALFORMED'));
    const path = on.path();
    await on.zk.create(path, 'three', { parents: true });
    await assert.rejects(new Semaphore(on.zk, on.path(), { path }).acquire(), code('MALFORMED'));
  });

  test('who gives up leaves no node behind, wherever it waits', async () => {
    const path = on.path();
    const semaphore = new Semaphore(on.zk, path, 1);
    const lease = await semaphore.acquire();
    const gone = new AbortController();
    const next = semaphore.acquire({ signal: gone.signal });
    await waits(path, 1, 2);
    const afterNext = semaphore.acquire({ timeout: 40 });
    await assert.rejects(afterNext, code('TIMEOUT'));
    gone.abort(new Error('never mind'));
    await assert.rejects(next, /never mind/);
    await waits(path, 0, 1);
    await lease.release();
  });

  test('connections that break while it is asked for leave one node each', async () => {
    const path = on.path();
    await using faulty = await on.faulty();
    const semaphore = new Semaphore(faulty.zk, path, 1);
    for (let i = 0; i < 4; i++) {
      const acquiring = semaphore.acquire();
      setTimeout(() => faulty.proxy.cut(), 2 * i);
      const lease = await acquiring;
      await waits(path, 0, 1);
      await lease.release();
    }
  });

  test("a session's leases come back with its end, also the one that it waits for", async () => {
    const path = on.path();
    await using faulty = await on.faulty({ sessionTimeout: 800 });
    const behind = new Semaphore(faulty.zk, path, 1);
    const lost = await behind.acquire();
    const waiting = behind.acquire();
    waiting.catch(() => {});
    await waits(path, 1, 2);
    const next = new Semaphore(on.zk, path, 1).acquire();
    await waits(path, 2, 2);
    await faulty.expire();
    assert.ok(lost.signal.aborted);
    await assert.rejects(waiting, code('LOST'));
    await (await next).release();
  });

  test('Curator takes the leases that we leave, with nodes that look alike', async () => {
    const path = on.path();
    const { locks } = on.curator;
    const semaphore = new Semaphore(on.zk, path, 2);
    const lease = await semaphore.acquire();
    assert.equal(await locks.acquire('semaphore', path, { limit: 2 }), true);
    assert.equal(await locks.acquire('semaphore', path, { limit: 2, timeout: 40 }), false);
    await assert.rejects(semaphore.acquire({ timeout: 40 }), code('TIMEOUT'));
    assert.deepEqual(await on.names(path), ['leases', 'locks']);
    // The one that was given up goes in the background.
    await until(async () => (await on.names(`${path}/leases`)).length === 2);
    const leases = await on.names(`${path}/leases`);
    for (const node of leases) assert.match(node, /^_c_[0-9a-f-]{36}-lease-\d{10}$/);
    assert.deepEqual((await locks.participants('semaphore', path)).sort(), leases);
    const waiting = semaphore.acquire();
    await waits(path, 1, 3);
    const [turn] = await on.names(`${path}/locks`);
    assert.match(turn!, /^_c_[0-9a-f-]{36}-lock-\d{10}$/);
    await locks.release('semaphore', path);
    await (await waiting).release();
    await lease.release();
  });

  test("a semaphore mutex has one holder, be it Curator's or ours, and is not re-entrant", async () => {
    const path = on.path();
    const { locks } = on.curator;
    const mutex = new SemaphoreMutex(on.zk, path);
    const lease = await mutex.acquire();
    await assert.rejects(mutex.acquire({ timeout: 40 }), code('TIMEOUT'));
    assert.equal(await locks.acquire('semaphoreMutex', path, { timeout: 40 }), false);
    await lease.release();
    assert.equal(await locks.acquire('semaphoreMutex', path), true);
    await assert.rejects(mutex.acquire({ timeout: 40 }), code('TIMEOUT'));
    await locks.release('semaphoreMutex', path);
    await (await mutex.acquire()).release();
  });
});
