import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runScript } from '../src/process/child.ts';
import { type Cost, PATHS } from '../src/sdk/protocol.ts';

test('what a request costs is measured for both, and for every size', async ({ signal }) => {
  const folder = join(import.meta.dirname, '../src/sdk');
  await using instance = await runScript(join(folder, 'instance.ts'), [], signal);
  const measured = ['mesh', 'fetch'].map(async (subject) => {
    const args = [subject, '1', '50', instance.said];
    await using caller = await runScript(join(folder, 'caller.ts'), args, signal);
    // By the process's own protocol.
    const costs = JSON.parse(caller.said) as Cost[];
    assert.deepEqual(
      costs.map(({ path }) => path),
      [...PATHS],
    );
    for (const { microseconds } of costs) assert.ok(microseconds > 0);
  });
  await Promise.all(measured);
});
