import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Load } from '../src/dns/load.ts';
import { runScript } from '../src/process/child.ts';

const FOLDER = join(import.meta.dirname, '../src/dns');

for (const [subject, type] of [
  ['ours.ts', 'A'],
  ['ours.ts', 'SRV'],
  ['dns2.ts', 'A'],
] as const)
  test(`every question about ${type} is answered in full by ${subject}`, async () => {
    const { signal } = new AbortController();
    await using server = await runScript(join(FOLDER, subject), [], signal);
    const args = [server.said, type, '4', '0.2'];
    await using child = await runScript(join(FOLDER, 'load.ts'), args, signal);
    // By the process's own protocol.
    const { answered, failed } = JSON.parse(child.said) as Load;
    assert(answered > 4 && failed === 0, child.said);
  });
