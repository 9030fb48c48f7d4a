import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { compareFencing, type Lease, ReadWriteLock } from '../src/index.ts';
import { onServers } from './on-servers.ts';
import { code, stage } from './stage.ts';

onServers('a read/write lock', (start) => {
  const on = stage(start, true);
  const count = (path: string, nodes: number) =>
    until(async () => (await on.names(path)).length === nodes);
  /** What is before the number, and the number. */
  const parts = async (path: string) =>
    (await on.names(path)).map((node) => [node.slice(-18, -10), node.slice(-10)]);

  test('many read, one writes; a reader stands behind the writer before it', async () => {
    const path = on.path();
    const ours = new ReadWriteLock(on.zk, path);
    const theirs = new ReadWriteLock(on.other, path);
    const readers = [await ours.readLock.acquire(), await theirs.readLock.acquire()];
    const order: string[] = [];
    const enter = async (who: string, lease: Promise<Lease>) => {
      const had = await lease;
      order.push(who);
      return had;
    };
    const writer = enter('writer', theirs.writeLock.acquire());
    await count(path, 3);
    const late = ['reader', 'another'].map((who) => enter(who, ours.readLock.acquire()));
    await count(path, 5);
    await readers[0]!.release();
    await count(path, 4);
    assert.deepEqual(order, []);
    await readers[1]!.release();
    const written = await writer;
    assert.deepEqual(order, ['writer']);
    await written.release();
    const [a, b] = await Promise.all(late);
    assert.deepEqual(order.sort(), ['another', 'reader', 'writer']);
    assert.equal(compareFencing(written.fencing, a!.fencing), -1);
    await a!.release();
    await b!.release();
  });

  test('one writes', async () => {
    const lock = new ReadWriteLock(on.zk, on.path());
    const lease = await lock.writeLock.acquire();
    await assert.rejects(lock.writeLock.acquire({ timeout: 40 }), code('TIMEOUT'));
    await assert.rejects(lock.readLock.acquire({ timeout: 40 }), code('TIMEOUT'));
    await lease.release();
    const next = await lock.writeLock.acquire();
    assert.equal(compareFencing(lease.fencing, next.fencing), -1);
    await next.release();
  });

  test('both are re-entrant', async () => {
    const { readLock, writeLock } = new ReadWriteLock(on.zk, on.path());
    for (const lock of [readLock, writeLock]) {
      const owner = {};
      const outer = await lock.acquire({ owner });
      const inner = await lock.acquire({ owner });
      assert.equal(inner.path, outer.path);
      await outer.release();
      await assert.rejects(writeLock.acquire({ timeout: 40 }), code('TIMEOUT'));
      await inner.release();
    }
    await (await writeLock.acquire({ timeout: 5000 })).release();
  });

  test('the writer may read, and downgrades by releasing the write lock', async () => {
    const path = on.path();
    const lock = new ReadWriteLock(on.zk, path);
    const owner = {};
    const written = await lock.writeLock.acquire({ owner });
    const writer = new ReadWriteLock(on.other, path).writeLock.acquire();
    await count(path, 2);
    const read = await lock.readLock.acquire({ owner, timeout: 5000 });
    const stat = await on.zk.exists(read.path);
    assert.equal(read.path.slice(-10), written.path.slice(-10));
    assert.notEqual(stat?.ephemeralOwner, 0n);
    await written.release();
    await assert.rejects(
      new ReadWriteLock(on.other, path).writeLock.acquire({ timeout: 40 }),
      code('TIMEOUT'),
    );
    assert.equal(read.signal.aborted, false);
    assert.ok((await on.names(path)).some((node) => read.path.endsWith(node)));
    await assert.rejects(lock.readLock.acquire({ timeout: 40 }), code('TIMEOUT'));
    await read.release();
    await (await writer).release();
  });

  test('a reader is refused the write lock, which it would wait for in vain', async () => {
    const { readLock, writeLock } = new ReadWriteLock(on.zk, on.path());
    const owner = {};
    await using _ = await readLock.acquire({ owner });
    await assert.rejects(writeLock.acquire({ owner }), code('ILLEGAL_STATE'));
  });

  test('a writer that has lost its lock does not read beside the next one', async () => {
    const path = on.path();
    await using faulty = await on.faulty();
    const lock = new ReadWriteLock(faulty.zk, path);
    const owner = {};
    const lost = await lock.writeLock.acquire({ owner });
    const next = new ReadWriteLock(on.other, path).writeLock.acquire();
    await count(path, 2);
    faulty.proxy.stall();
    await on.zk.delete(lost.path);
    const written = await next;
    // It does not know yet that its lock is lost.
    assert.equal(lost.signal.aborted, false);
    const reading = lock.readLock.acquire({ owner });
    faulty.proxy.unstall();
    await assert.rejects(reading, code('REVOKED'));
    await count(path, 1);
    await written.release();
  });

  test('who gives up waiting leaves no node behind', async () => {
    const path = on.path();
    const lock = new ReadWriteLock(on.zk, path);
    await using _ = await lock.writeLock.acquire();
    for (const half of [lock.readLock, lock.writeLock]) {
      await assert.rejects(half.acquire({ timeout: 40 }), code('TIMEOUT'));
      const signal = AbortSignal.timeout(40);
      await assert.rejects(half.acquire({ signal }), { name: 'TimeoutError' });
    }
    await count(path, 1);
  });

  test('connections that break while it is asked for leave one node each', async () => {
    const path = on.path();
    await using faulty = await on.faulty();
    const lock = new ReadWriteLock(faulty.zk, path);
    for (const half of [lock.readLock, lock.writeLock, lock.readLock, lock.writeLock]) {
      const acquiring = half.acquire();
      setImmediate(() => faulty.proxy.cut());
      const lease = await acquiring;
      assert.equal((await on.names(path)).length, 1);
      await lease.release();
    }
  });

  test("a reader's session ends: the writer's turn", async () => {
    const path = on.path();
    await using faulty = await on.faulty({ sessionTimeout: 800 });
    const read = await new ReadWriteLock(faulty.zk, path).readLock.acquire();
    const writing = new ReadWriteLock(on.zk, path).writeLock.acquire();
    await faulty.expire();
    assert.ok(read.signal.aborted);
    await (await writing).release();
  });

  test('Curator reads beside us, and writes alone', async () => {
    const path = on.path();
    const { locks } = on.curator;
    const { readLock, writeLock } = new ReadWriteLock(on.zk, path);
    const read = await readLock.acquire();
    assert.equal(await locks.acquire('read', path), true);
    assert.equal(await locks.acquire('write', path, { timeout: 40 }), false);
    await read.release();
    await assert.rejects(writeLock.acquire({ timeout: 40 }), code('TIMEOUT'));
    await locks.release('read', path);
    await count(path, 0);
    const written = await writeLock.acquire();
    assert.equal(await locks.acquire('read', path, { timeout: 40 }), false);
    assert.equal(await locks.acquire('write', path, { timeout: 40 }), false);
    await written.release();
    assert.equal(await locks.acquire('write', path), true);
    await assert.rejects(readLock.acquire({ timeout: 40 }), code('TIMEOUT'));
    await assert.rejects(writeLock.acquire({ timeout: 40 }), code('TIMEOUT'));
    await locks.release('write', path);
  });

  test("Curator's nodes and ours look alike, downgrading included", async () => {
    const { locks } = on.curator;
    const [ours, theirs] = [on.path(), on.path()];
    const lock = new ReadWriteLock(on.zk, ours);
    const owner = {};
    const written = await lock.writeLock.acquire({ owner });
    const read = await lock.readLock.acquire({ owner });
    for (const kind of ['write', 'read'] as const) await locks.acquire(kind, theirs);
    assert.deepEqual((await parts(ours)).sort(), (await parts(theirs)).sort());
    assert.deepEqual((await parts(ours)).sort(), [
      ['__READ__', '0000000000'],
      ['__WRIT__', '0000000000'],
    ]);
    for (const path of [ours, theirs])
      for (const node of await on.names(path)) assert.match(node, /^_c_[0-9a-f-]{36}-__/);
    assert.deepEqual(
      [...(await locks.participants('read', ours)), ...(await locks.participants('write', ours))],
      [read.path, written.path],
    );
    for (const kind of ['read', 'write'] as const) await locks.release(kind, theirs);
    await read.release();
    await written.release();
  });
});
