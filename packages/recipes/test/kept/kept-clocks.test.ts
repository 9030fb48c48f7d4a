import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import type { Logger } from '@meshkeeper/zookeeper';
import { KeptLeases } from '../../src/index.ts';
import { onServers } from '../on-servers.ts';
import { stage } from '../stage.ts';

const silent: Logger = { debug() {}, info() {}, warn() {} };
const LONG = 60_000;
const key = (path: string, holder: string) => ({ kind: 'lock', subject: path, holder });
const now = () => AbortSignal.timeout(10_000);

// On servers of its own: a clock that jumps ends every lease there is.
onServers('the clock of who watches over leases', (start) => {
  const on = stage(start);

  test('who was away, or slept, ends nothing that was kept alive elsewhere', async () => {
    const at = on.path();
    await using b = new KeptLeases({ zk: on.zk, logger: silent });
    await using faulty = await on.faulty({ onExpired: 'renew' });
    // A clock that jumps as that of a process that was stopped: it finds that everything is due.
    let ahead = 0;
    let tried = false;
    const warn = () => {
      tried = true;
    };
    const a = new KeptLeases({
      ...{ zk: faulty.zk, logger: { ...silent, warn } },
      now: () => performance.now() + ahead,
    });
    const request = { kind: 'lock', path: at, holder: 'held', ttl: LONG, data: '' } as const;
    const outcome = await b.queue.acquire(request, now());
    assert.equal(outcome.type, 'granted');
    const { kept } = (outcome as Extract<typeof outcome, { type: 'granted' }>).granted;
    await until(() => a.follower.get(kept.id)?.record.state === 'held');
    faulty.proxy.stall('to client');
    const again = await b.keepAlive(key(at, 'held'), now());
    assert.equal(again.type, 'kept');
    ahead = 10 * LONG;
    // It does not know of the keep-alive, and wants to end what it knows.
    await until(() => tried);
    faulty.proxy.unstall();
    await until(() => a.follower.get(kept.id)?.stat.version !== kept.stat.version);
    assert.equal((await b.keepAlive(key(at, 'held'), now())).type, 'kept');
    // Away from ZooKeeper, and for long: its clocks start anew.
    await faulty.expire();
    ahead = 20 * LONG;
    await until(() => a.follower.fresh);
    assert.ok(a.follower.left(kept.id)! > LONG / 2);
    const last = await b.keepAlive(key(at, 'held'), now());
    assert.equal(last.type, 'kept');
    await until(
      () =>
        last.type === 'kept' && a.follower.get(kept.id)?.stat.version === last.kept.stat.version,
    );
    // And it does end what nobody keeps alive.
    ahead = 30 * LONG;
    await until(async () => (await on.names(at)).length === 0);
    await a.close();
  });
});
