import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type FaultProxy, until } from '@meshkeeper/testbed';
import { type Scene, SESSION_TIMEOUT } from './scene.ts';

/** Does something bad, and ends it. What follows from it is for the contract to look at. */
export type Fault = (scene: Scene, context: TestContext) => Promise<void>;

const HOUR = 3_600_000;
const patience = { timeout: 30_000 };

/** The connections of `ann` are gone in some way, until her session is, and somebody has her place. */
const cutOff =
  (begin: (proxy: FaultProxy) => void): Fault =>
  async ({ ann, mutex, latch, proxies }) => {
    const leases = [mutex.lease!, latch.lease!];
    const trusted: string[] = [];
    const stop = ann.zk.onState(({ type }) => {
      if (type !== 'expired') return;
      for (const { path, signal } of leases) if (!signal.aborted) trusted.push(path);
    });
    for (const proxy of proxies) begin(proxy);
    await until(() => ann.zk.state.type === 'expired', patience);
    stop();
    assert.deepEqual(trusted, [], 'a lease ends before its session does');
    await until(() => mutex.holder === 'bob' && latch.holder === 'bob', patience);
    for (const proxy of proxies) proxy.unstall();
  };

/** What the contract is kept through. */
export const faults: Readonly<Record<string, Fault>> = {
  async 'its server, which leads, is killed and comes back'({ system, ann, mutex }) {
    const leader = await system.leader();
    const { signal } = mutex.lease!;
    await leader.kill();
    await until(() => signal.aborted);
    if (system.members.length > 1) await until(() => ann.zk.state.type === 'connected', patience);
    await leader.start();
    await system.whole();
  },

  async 'its server, which leads, stands still for longer than sessions last'(scene) {
    const { system, ann, mutex } = scene;
    const leader = await system.leader();
    const { signal } = mutex.lease!;
    const begun = performance.now();
    leader.pause();
    await until(() => signal.aborted);
    const isOver = () => performance.now() - begun > 1.5 * SESSION_TIMEOUT;
    const isAway = () => ann.zk.state.type !== 'connected';
    await until(() => isOver() && (system.members.length > 1 || isAway()), patience);
    leader.resume();
    await system.whole();
  },

  async 'every member is restarted in turn'({ system }) {
    for (const member of system.members) {
      await member.stop();
      await member.start();
      await system.whole();
    }
  },

  'its network loses everything': cutOff((proxy) => proxy.stall()),
  'its network loses what it says': cutOff((proxy) => proxy.stall('to server')),
  'its network loses what it hears': cutOff((proxy) => proxy.stall('to client')),

  async 'the wall clock skips an hour ahead, and back'({ system, players, mutex, latch }, context) {
    const leases = [mutex.lease!, latch.lease!];
    const sessions = () =>
      players.map(({ zk: { state } }) => state.type === 'connected' && state.sessionId);
    const before = sessions();
    const states: string[] = [];
    const stops = players.map(({ zk }) => zk.onState(({ type }) => states.push(type)));
    const wrong = (by: number) => {
      context.mock.timers.setTime(Date.now() + by);
      for (const member of system.members) member.skipClock?.(by);
    };
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    for (const by of [HOUR, -HOUR]) {
      wrong(by);
      const begun = performance.now();
      const written = players.map(({ acknowledged }) => acknowledged);
      await until(() => performance.now() - begun > SESSION_TIMEOUT);
      await until(() => players.every(({ acknowledged }, i) => acknowledged > written[i]!));
    }
    wrong(0);
    for (const stop of stops) stop();
    assert.deepEqual(states, []);
    assert.deepEqual(sessions(), before);
    for (const { signal } of leases) assert.equal(signal.aborted, false);
  },
};
