import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { listen } from '../src/config/publishes.ts';
import { served } from '../src/config/served.ts';
import { runScript } from '../src/process/child.ts';

const FOLDER = join(import.meta.dirname, '../src/config');
const bodyOf = (value: number) =>
  JSON.stringify({ values: { counter: { type: 'text', value: `${value}` } } });

test('clients have what is published, and who lacks it is named', async ({ signal }) => {
  await using bare = await runScript(join(FOLDER, 'bare.ts'), [bodyOf(5)], signal);
  const publish = async (value: number) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ value });
    await fetch(`${bare.said}/publish`, { method: 'POST', headers, body, signal });
  };
  const pollers = fork(join(FOLDER, 'pollers.ts'), [bare.said, '3', '7'], {
    execArgv: ['--conditions=source'],
  });
  try {
    const had = listen(pollers);
    assert.equal((await had(5, 60_000)).length, 3);

    await assert.rejects(had(6, 1), /^Error: 3 clients have not had the value 6: i-7, i-8, i-9$/);

    // What a replica serves is waited for: another one has published it.
    const next = served(bare.said, 6, signal);
    const arrived = had(8, 60_000);
    await publish(6);
    assert.equal(await next, bodyOf(6));
    await publish(8);
    assert.equal((await arrived).length, 3);

    pollers.disconnect();
    await once(pollers, 'exit'); // whoever had asked is gone
    await assert.rejects(had(9, 60_000), /has ended/);
  } finally {
    pollers.kill();
  }
});
