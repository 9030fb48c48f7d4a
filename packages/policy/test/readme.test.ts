import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { tempDir } from '@meshkeeper/testbed';

const run = promisify(execFile);

test('the example of the README prints what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const claimed = [...code.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => line);
  assert.ok(claimed.length > 0);
  await using folder = await tempDir('meshkeeper-readme-');
  const file = join(folder.path, 'example.ts');
  const index = new URL('../src/index.ts', import.meta.url).href;
  await writeFile(file, code.replace("'@meshkeeper/policy'", `'${index}'`));
  const { stdout } = await run(process.execPath, ['--conditions=source', file]);
  assert.deepEqual(stdout.trimEnd().split('\n'), claimed);
});
