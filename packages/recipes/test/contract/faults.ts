import assert from 'node:assert/strict';
import { type FaultProxy, until } from '@meshkeeper/testbed';
import { type Scene, SESSION_TIMEOUT } from './scene.ts';

/** Does something bad, and ends it. What follows from it is for the contract to look at. */
export type Fault = (scene: Scene) => Promise<void>;

const patience = { timeout: 30_000 };

/** The connections of `ann` are gone in some way, until her session is, and somebody has her place. */
const cutOff =
  (begin: (proxy: FaultProxy) => void): Fault =>
  async ({ ann, mutex, latch, proxies }) => {
    const leases = [mutex.lease!, latch.lease!];
    for (const proxy of proxies) begin(proxy);
    await until(() => leases.every(({ signal }) => signal.aborted), patience);
    assert.notEqual(ann.zk.state.type, 'expired', 'leases end well before their session');
    await until(() => ann.zk.state.type === 'expired', patience);
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
};
