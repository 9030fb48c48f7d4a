import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { type Engine, type Stage, startEmbedded, startReal, startStage } from '../stage.ts';

/**
 * Both data planes on one stage, for the tests of a `describe`: `prepare` puts the resources, and
 * keeps what they need for as long as the tests run.
 */
export function bothEngines(
  prepare: (stage: Stage, stack: AsyncDisposableStack) => Promise<void>,
): readonly Engine[] {
  const engines: Engine[] = [];
  const stack = new AsyncDisposableStack();
  before(async () => {
    const stage = stack.use(await startStage());
    await prepare(stage, stack);
    for (const start of [startEmbedded, startReal]) engines.push(stack.use(await start(stage)));
    assert.deepEqual(stage.nacks, []);
  });
  after(() => stack.disposeAsync());
  return engines;
}
