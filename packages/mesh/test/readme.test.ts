import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tempDir } from '@meshkeeper/testbed';

test('the examples of the README run, and hold what they say', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  assert.ok(examples.length >= 2);
  await using folder = await tempDir('meshkeeper-readme-');
  const index = new URL('../src/index.ts', import.meta.url).href;
  for (const [i, example] of examples.entries()) {
    const code = example
      .replace("'@meshkeeper/mesh'", `'${index}'`)
      // An assertion that only prints would not fail.
      .replaceAll('console.assert(', 'assert.ok(');
    const file = join(folder.path, `example-${i}.ts`);
    await writeFile(file, `import assert from 'node:assert/strict';\n${code}`);
    await import(pathToFileURL(file).href);
  }
});
