import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type Ensemble,
  type FaultProxy,
  skipWithout,
  startEnsemble,
  startFaultProxy,
  until,
} from '@meshkeeper/testbed';
import { CreateMode, connect, type ZooKeeper, ZooKeeperError } from '../src/index.ts';

/** Calls until the answer is none of those that say "try again". */
async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ZooKeeperError && error.retryable)) throw error;
    }
  }
}

describe('a session on an ensemble', { skip: skipWithout('zookeeper') }, () => {
  let ensemble: Ensemble;
  let proxies: FaultProxy[];
  let servers: string;
  let zk: ZooKeeper;
  let sessionId: bigint;
  let written = 0;
  const path = '/counter';

  before(async () => {
    ensemble = await startEnsemble();
    proxies = await Promise.all(ensemble.members.map((target) => startFaultProxy({ target })));
    servers = proxies.map((proxy) => proxy.connect).join();
    // High draws: a longer list of servers does not move it.
    zk = await connect({ connect: servers, sessionTimeout: 4500, random: () => 0.99 });
    assert.ok(zk.state.type === 'connected');
    sessionId = zk.state.sessionId;
    await zk.create(path, '0', { mode: CreateMode.EPHEMERAL });
  });
  after(async () => {
    await zk?.close();
    await Promise.all((proxies ?? []).map((proxy) => proxy.close()));
    await ensemble?.close();
  });

  /** The member that the client is at. */
  const mine = () => {
    const { state } = zk;
    const at = proxies.findIndex(
      (proxy) => state.type === 'connected' && state.server === proxy.connect,
    );
    return ensemble.members[at];
  };
  /** Writes and reads while `fault` happens and until it is over. */
  const survives = async (fault: () => Promise<unknown>) => {
    let over = false;
    const writing = (async () => {
      while (!over) {
        const value = `${++written}`;
        await retried(() => zk.set(path, value));
        const { data } = await retried(() => zk.get(path));
        assert.equal(data.toString(), value);
      }
    })();
    await Promise.all([writing, fault().finally(() => (over = true))]);
    const { stat } = await retried(() => zk.get(path));
    assert.equal(stat.ephemeralOwner, sessionId);
    assert.ok(stat.version >= written, `${written} writes, version ${stat.version}`);
  };
  const whole = () =>
    until(async () => (await ensemble.followers()).length === 2, { timeout: 20_000 });

  test('survives the death of its server, which leads', () =>
    survives(async () => {
      const leader = await ensemble.leader();
      zk.updateServers(proxies[ensemble.members.indexOf(leader)]!.connect);
      await until(() => mine() === leader);
      zk.updateServers(servers);
      await leader.kill();
      await until(() => mine() !== undefined && mine() !== leader);
      await leader.restart();
      await whole();
    }));

  test('survives a leader that stands still', () =>
    survives(async () => {
      const leader = await ensemble.leader();
      leader.pause();
      assert.notEqual(await ensemble.leader(), leader);
      await until(() => mine() !== undefined && mine() !== leader);
      leader.resume();
      await whole();
    }));

  test('survives a restart of every member, one after the other', () =>
    survives(async () => {
      for (const member of ensemble.members) {
        await member.restart();
        await whole();
      }
    }));

  test('survives a network that loses everything for a while', () =>
    survives(async () => {
      for (const proxy of proxies) proxy.stall();
      await until(() => zk.state.type === 'disconnected');
      for (const proxy of proxies) proxy.unstall();
      await until(() => zk.state.type === 'connected');
    }));
});
