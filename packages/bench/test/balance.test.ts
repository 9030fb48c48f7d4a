import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Cost } from '../src/balance/protocol.ts';
import { requests, subjects } from '../src/balance/subjects.ts';
import { runScript } from '../src/process/child.ts';

test('each subject picks, again and again', () => {
  const contexts = requests(64);
  for (const [name, { create, hashing }] of Object.entries(subjects)) {
    const picker = create(10);
    const picked = contexts.map((context) => picker.pick(hashing ? context : undefined));
    assert(new Set(picked).size > 3 && !picked.includes(undefined), name);
  }
});

for (const name of ['peak EWMA', 'maglev, bounded at 300 %'])
  test(`a pick allocates nothing: ${name}`, async () => {
    const file = join(import.meta.dirname, '../src/balance/picks-process.ts');
    await using child = await runScript(file, [name, '10'], new AbortController().signal);
    // By the process's own protocol.
    const [cost] = JSON.parse(child.said) as [Cost];
    assert(cost.endpoints === 10 && cost.nanoseconds > 0);
    assert(cost.bytes < 1, `${cost.bytes} bytes`);
  });
