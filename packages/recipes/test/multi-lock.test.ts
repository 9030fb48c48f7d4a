import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Lock, MultiLock, Mutex, ReadWriteLock, Semaphore } from '../src/index.ts';
import { onServers } from './on-servers.ts';
import { code, stage } from './stage.ts';

onServers('several locks as one', (start) => {
  const on = stage(start);

  test('are acquired in order and released in reverse', async () => {
    const top = on.path();
    const paths = ['b', 'a', 'c'].map((last) => `${top}/${last}`);
    await on.other.create(top, '', { parents: true });
    await using watch = await on.other.addWatch(top, { recursive: true });
    const lease = await new MultiLock(paths.map((path) => new Mutex(on.zk, path))).acquire();
    assert.deepEqual(
      lease.parts.map(({ path }) => path.slice(0, path.lastIndexOf('/'))),
      paths,
    );
    assert.equal(lease.path, lease.parts[0].path);
    assert.deepEqual(lease.fencing, lease.parts[0].fencing);
    await lease.release();
    await lease.release();
    const seen: string[] = [];
    for await (const event of watch) {
      if ((event.type === 'created' || event.type === 'deleted') && event.path.includes('lock-'))
        seen.push(`${event.type} ${event.path.slice(top.length + 1, top.length + 2)}`);
      if (seen.length === 6) break;
    }
    assert.deepEqual(
      seen,
      ['b', 'a', 'c']
        .map((last) => `created ${last}`)
        .concat(['c', 'a', 'b'].map((last) => `deleted ${last}`)),
    );
  });

  test('are held all or none', async () => {
    const [a, b, c] = [on.path(), on.path(), on.path()];
    const multi = new MultiLock([a, b, c].map((path) => new Mutex(on.zk, path)));
    const taken = await new Mutex(on.other, b).acquire();
    await assert.rejects(multi.acquire({ timeout: 40 }), code('TIMEOUT'));
    await until(async () => (await on.names(a)).length + (await on.names(b)).length === 1);
    assert.deepEqual(await on.names(c), []);
    const waiting = multi.acquire();
    await until(async () => (await on.names(b)).length === 2);
    await taken.release();
    const lease = await waiting;
    await assert.rejects(new Mutex(on.other, c).acquire({ timeout: 40 }), code('TIMEOUT'));
    await lease.release();
  });

  test('end when the first of them ends', async () => {
    const locks = [new Mutex(on.zk, on.path()), new Mutex(on.zk, on.path())];
    await using lease = await new MultiLock(locks).acquire();
    await on.other.delete(lease.parts[1]!.path);
    await until(() => lease.signal.aborted);
    assert.ok(code('REVOKED')(lease.signal.reason));
    assert.equal(lease.parts[0].signal.aborted, false);
  });

  test('are not waited for any more when one that was had is lost', async () => {
    const [a, b] = [on.path(), on.path()];
    await using _ = await new Mutex(on.other, b).acquire();
    const waiting = new MultiLock([a, b].map((path) => new Mutex(on.zk, path))).acquire();
    waiting.catch(() => {});
    await until(async () => (await on.names(b)).length === 2);
    const [first] = await on.names(a);
    await on.other.delete(`${a}/${first}`);
    await assert.rejects(waiting, code('REVOKED'));
    await until(async () => (await on.names(b)).length === 1);
  });

  test('may be of different kinds and clients, and know their owner', async () => {
    const locks: readonly Lock[] = [
      new ReadWriteLock(on.other, on.path()).writeLock,
      new MultiLock([new Mutex(on.zk, on.path())]),
      new Semaphore(on.zk, on.path(), 2),
    ];
    const multi = new MultiLock(locks);
    const owner = {};
    const outer = await multi.acquire({ owner });
    const inner = await multi.acquire({ owner, timeout: 5000 });
    await outer.release();
    await assert.rejects(locks[0]!.acquire({ timeout: 40 }), code('TIMEOUT'));
    await inner.release();
    await (await multi.acquire({ timeout: 5000 })).release();
  });

  test('are one at least', () => {
    assert.throws(() => new MultiLock([]), code('ILLEGAL_STATE'));
  });
});
