import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { until } from '@meshkeeper/testbed';
import { type Scene, SESSION_TIMEOUT } from './scene.ts';

const HOUR = 3_600_000;

/**
 * The wall clock of this process, and of the servers that let it be done to them, is wrong by an hour
 * for as long as a session lasts without a word, and is set right again: that is all.
 */
export async function wallClockSkips(
  scenes: readonly Scene[],
  context: TestContext,
): Promise<void> {
  const players = scenes.flatMap((scene) => scene.players);
  const leases = scenes.flatMap(({ mutex, latch }) => [mutex.lease!, latch.lease!]);
  const sessions = () => players.map(({ sessionId }) => sessionId);
  const before = sessions();
  const states: string[] = [];
  const stops = players.map(({ zk }) => zk.onState(({ type }) => states.push(type)));
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  for (const by of [HOUR, 0]) {
    context.mock.timers.setTime(Date.now() + (by || -HOUR));
    for (const { system } of scenes) for (const member of system.members) member.skipClock?.(by);
    const begun = performance.now();
    const written = players.map(({ acknowledged }) => acknowledged);
    await until(() => performance.now() - begun > SESSION_TIMEOUT);
    await until(() => players.every(({ acknowledged }, i) => acknowledged > written[i]!));
  }
  for (const stop of stops) stop();
  assert.deepEqual(states, []);
  assert.deepEqual(sessions(), before);
  for (const { signal } of leases) assert.equal(signal.aborted, false);
}
