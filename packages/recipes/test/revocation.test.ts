import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { attemptRevoke, MultiLock, Mutex, Semaphore } from '../src/index.ts';
import { onServers } from './on-servers.ts';
import { code, stage } from './stage.ts';

onServers('revocation', (start) => {
  const on = stage(start, true);

  test('asks the holder, who keeps the lock until it releases it', async () => {
    const path = on.path();
    const lease = await new Mutex(on.zk, path).acquire();
    const waiting = new Mutex(on.other, path).acquire();
    assert.equal(lease.revocation.aborted, false);
    await attemptRevoke(on.other, lease.path);
    await until(() => lease.revocation.aborted);
    assert.ok(code('REVOKE_ASKED')(lease.revocation.reason));
    assert.equal(lease.signal.aborted, false);
    await lease.release();
    const next = await waiting;
    assert.equal(next.revocation.aborted, false);
    await next.release();
    assert.equal(next.revocation.aborted, false);
  });

  test('asks a waiter too: it hears of it when it holds', async () => {
    const path = on.path();
    const lease = await new Mutex(on.zk, path).acquire();
    const waiting = new Mutex(on.zk, path).acquire();
    await until(async () => (await on.names(path)).length === 2);
    const waiter = (await on.names(path)).find((node) => !lease.path.endsWith(node));
    await attemptRevoke(on.other, `${path}/${waiter}`);
    await lease.release();
    const next = await waiting;
    await until(() => next.revocation.aborted);
    await next.release();
  });

  test('reaches a holder whose connection was away', async () => {
    await using faulty = await on.faulty();
    const lease = await new Mutex(faulty.zk, on.path(), { policy: 'session' }).acquire();
    await faulty.proxy.refuse();
    faulty.proxy.cut();
    await attemptRevoke(on.zk, lease.path);
    await faulty.proxy.accept();
    await until(() => lease.revocation.aborted);
    assert.equal(lease.signal.aborted, false);
    await lease.release();
  });

  test('of a part is that of the whole, of every kind of lock', async () => {
    const locks = [new Mutex(on.zk, on.path()), new Semaphore(on.zk, on.path(), 1)];
    const lease = await new MultiLock(locks).acquire();
    await attemptRevoke(on.other, lease.parts[1]!.path);
    await until(() => lease.revocation.aborted);
    await lease.release();
  });

  test('of a znode that is gone is no error', async () => {
    await attemptRevoke(on.zk, `${on.path()}/gone`);
  });

  test("asks us for Curator's Revoker, and Curator for ours", async () => {
    const path = on.path();
    const { locks } = on.curator;
    const lease = await new Mutex(on.zk, path).acquire();
    await locks.revoke(lease.path);
    await until(() => lease.revocation.aborted);
    await lease.release();
    await locks.makeRevocable(path);
    assert.equal(await locks.acquire('mutex', path), true);
    const [node] = await on.names(path);
    assert.equal(await locks.revoked(path), false);
    await attemptRevoke(on.zk, `${path}/${node}`);
    await until(() => locks.revoked(path));
    await locks.release('mutex', path);
  });
});
