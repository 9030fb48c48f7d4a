import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { DoubleBarrier, LeaderLatch, Mutex } from '../src/index.ts';
import { onServers } from './on-servers.ts';
import { code, stage } from './stage.ts';

// A client whose answers are lost opens a new session while the server still hears the old one: what
// waits must not go on with a znode that is going to vanish without a word.
onServers('a session that is renewed before the server ends the old one', (start) => {
  const on = stage(start);

  /** A client with a wait under way, which is in another session after `renew`. */
  async function renewing() {
    const faulty = await on.faulty({ sessionTimeout: 800, onExpired: 'renew' });
    const { proxy, zk } = faulty;
    return {
      zk,
      async renew() {
        // Answers come in order: after these it waits for what follows on its last reads.
        for (let i = 0; i < 4; i++) await zk.exists('/');
        proxy.stall('to client');
        await until(() => zk.state.type === 'expired');
        proxy.unstall();
        await until(() => zk.state.type === 'connected');
      },
      [Symbol.asyncDispose]: () => faulty[Symbol.asyncDispose](),
    };
  }

  test('loses its place in a queue at once', async () => {
    const at = on.path();
    await using client = await renewing();
    const held = await new Mutex(on.zk, at).acquire();
    const waiting = assert.rejects(new Mutex(client.zk, at).acquire(), code('LOST'));
    await until(async () => (await on.names(at)).length === 2);
    await client.renew();
    await waiting;
    await held.release();
    await (await new Mutex(client.zk, at).acquire({ timeout: 5000 })).release();
  });

  test('stands for leader again', async () => {
    const at = on.path();
    await using first = new LeaderLatch(on.zk, at, { id: 'first' });
    await first.lead({ timeout: 5000 });
    await using client = await renewing();
    await using _second = new LeaderLatch(client.zk, at, { id: 'second' });
    const owners = async () => {
      const stats = (await on.names(at)).map((name) => on.other.exists(`${at}/${name}`));
      return (await Promise.all(stats)).map((stat) => stat?.ephemeralOwner);
    };
    await until(async () => (await owners()).length === 2);
    await client.renew();
    await until(async () => {
      const { state } = client.zk;
      const all = await owners();
      return state.type === 'connected' && all.length === 2 && all.includes(state.sessionId);
    });
  });

  test('is told that it is not in a double barrier', async () => {
    const at = on.path();
    await using client = await renewing();
    const entering = new DoubleBarrier(client.zk, at, 2).enter();
    const lost = assert.rejects(entering, code('LOST'));
    await until(async () => (await on.names(at)).length === 1);
    await client.renew();
    await lost;
  });
});
