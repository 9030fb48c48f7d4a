import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tempDir } from '@meshkeeper/testbed';

test('the example of the README runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  assert(example !== undefined);
  await using folder = await tempDir('meshkeeper-readme-');
  const code = example
    .replace("'@meshkeeper/dns'", `'${new URL('../src/index.ts', import.meta.url).href}'`)
    .replace("'@meshkeeper/mesh'", `'${import.meta.resolve('@meshkeeper/mesh')}'`)
    .replace('console.log(', 'assert.ok(');
  const file = join(folder.path, 'example.ts');
  await writeFile(file, `import assert from 'node:assert/strict';\n${code}`);
  await import(pathToFileURL(file).href);
});
