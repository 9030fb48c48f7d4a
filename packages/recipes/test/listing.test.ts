import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithout, until } from '@meshkeeper/testbed';
import { type LockListing, listLock, Mutex, ReadWriteLock, Semaphore } from '../src/index.ts';
import { startHolder } from './kazoo/kazoo.ts';
import { onServers } from './on-servers.ts';
import { stage } from './stage.ts';

const kinds = ({ holders, waiters }: LockListing) =>
  [holders, waiters].map((members) => members.map(({ kind }) => kind));
const paths = ({ holders, waiters }: LockListing) =>
  [...holders, ...waiters].map(({ path }) => path);

onServers('the listing of locks', (start) => {
  const on = stage(start, true);
  const count = (path: string, nodes: number) =>
    until(async () => (await on.names(path)).length === nodes);

  test('tells who holds a mutex and who waits, since when, and with what token', async () => {
    const path = on.path();
    assert.deepEqual(await listLock(on.zk, path), { holders: [], waiters: [] });
    const data = 'the first';
    const lease = await new Mutex(on.zk, path, { data, generation: 3n }).acquire();
    const curator = on.curator.locks.acquire('mutex', path);
    await count(path, 2);
    const last = new Mutex(on.other, path, { data: 'the last' }).acquire();
    await count(path, 3);
    const listing = await listLock(on.other, path, { generation: 3n });
    const [holder] = listing.holders;
    const stat = await on.zk.exists(lease.path);
    assert.deepEqual(
      { ...holder },
      {
        path: lease.path,
        kind: 'exclusive',
        position: 0,
        since: new Date(Number(stat?.ctime)),
        data: Buffer.from('the first'),
        sessionId: stat?.ephemeralOwner,
        fencing: lease.fencing,
      },
    );
    const waiters = listing.waiters.map(({ position, sessionId, data }) => [
      position,
      `0x${sessionId.toString(16)}`,
      data.toString(),
    ]);
    assert.deepEqual(waiters[0]!.slice(0, 2), [1, await on.curator.sessionId()]);
    assert.deepEqual([waiters[1]![0], waiters[1]![2]], [2, 'the last']);
    assert.deepEqual(paths(listing), await on.curator.locks.participants('mutex', path));
    await lease.release();
    await curator;
    await on.curator.locks.release('mutex', path);
    await (await last).release();
  });

  test('of a read/write lock: the readers before the first writer hold, or that writer', async () => {
    const path = on.path();
    const { readLock, writeLock } = new ReadWriteLock(on.zk, path);
    const read = await readLock.acquire();
    await on.curator.locks.acquire('read', path);
    const owner = {};
    const writing = writeLock.acquire({ owner });
    await count(path, 3);
    const late = readLock.acquire();
    await count(path, 4);
    assert.deepEqual(kinds(await listLock(on.zk, path)), [
      ['read', 'read'],
      ['exclusive', 'read'],
    ]);
    await read.release();
    await on.curator.locks.release('read', path);
    const written = await writing;
    const under = await readLock.acquire({ owner });
    const listing = await listLock(on.zk, path);
    assert.deepEqual(kinds(listing), [['exclusive', 'read'], ['read']]);
    assert.deepEqual(paths(listing).slice(0, 2), [written.path, under.path]);
    await written.release();
    await under.release();
    await (await late).release();
  });

  test('of a semaphore: its leases, and who waits for one', async () => {
    const path = on.path();
    const semaphore = new Semaphore(on.zk, path, 2);
    const first = await semaphore.acquire();
    const second = await new Semaphore(on.other, path, 2).acquire();
    await count(`${path}/locks`, 0);
    const third = semaphore.acquire();
    await count(`${path}/leases`, 3);
    const curator = on.curator.locks.acquire('semaphore', path, { limit: 2 });
    await count(`${path}/locks`, 2);
    const session = await on.curator.sessionId();
    for (const limit of [undefined, 2]) {
      const listing = await listLock(on.zk, path, limit === undefined ? {} : { limit });
      const { holders, waiters } = listing;
      assert.deepEqual(
        holders.map(({ path }) => path),
        [first.path, second.path],
      );
      assert.deepEqual(
        waiters.map(({ position }) => position),
        [2, 3],
      );
      assert.match(waiters[0]!.path, /\/leases\//);
      assert.equal(`0x${waiters[1]!.sessionId.toString(16)}`, session);
    }
    await first.release();
    await second.release();
    await (await third).release();
    await curator;
    await on.curator.locks.release('semaphore', path);
  });

  test("of kazoo's own locks", { skip: skipWithout('kazoo') }, async () => {
    const [path, pair] = [on.path(), on.path()];
    const [lock, read] = [
      startHolder(on.zk, on.connect, 'lock', path),
      startHolder(on.zk, on.connect, 'read', pair),
    ];
    await lock.holds();
    await read.holds();
    const write = startHolder(on.zk, on.connect, 'write', pair);
    await count(pair, 2);
    const { holders, waiters } = await listLock(on.zk, path);
    assert.deepEqual([holders[0]!.data.toString(), waiters], ["kazoo's", []]);
    assert.match(holders[0]!.path, /\/[0-9a-f]{32}__lock__\d{10}$/);
    // It takes no notice of Curator's names, nor Curator of its.
    await using lease = await new Mutex(on.zk, path).acquire({ timeout: 5000 });
    assert.equal((await listLock(on.zk, path)).holders.length, 2);
    assert.deepEqual(kinds(await listLock(on.zk, pair)), [['read'], ['exclusive']]);
    assert.equal(lease.signal.aborted, false);
    await lock.release();
    await read.release();
    await write.holds();
    await write.release();
  });

  test('can be given up', async () => {
    const signal = AbortSignal.abort(new Error('never mind'));
    await assert.rejects(listLock(on.zk, on.path(), { signal }), /never mind/);
  });
});
