import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tempDir } from '@meshkeeper/testbed';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';

let server: ZooKeeperServer;
before(async () => {
  server = await startZooKeeperServer({ port: 0, tickTime: 200 });
});
after(() => server?.close());

test('the examples of the README run, and hold what they say', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  assert.ok(examples.length >= 4);
  await using folder = await tempDir('meshkeeper-readme-');
  const index = new URL('../src/index.ts', import.meta.url).href;
  for (const [i, example] of examples.entries()) {
    const code = example
      .replace("'@meshkeeper/zookeeper'", `'${index}'`)
      .replace('localhost:2181', server.connect)
      // An assertion that only prints would not fail.
      .replaceAll('console.assert(', 'assert.ok(')
      .replaceAll('console.log(', 'void (');
    const file = join(folder.path, `example-${i}.ts`);
    const main = `import assert from 'node:assert/strict';\n${code}`;
    // The watch of the first example waits for somebody else's change.
    await writeFile(
      file,
      main.replace(
        'for await (const event of watch)',
        "await zk.set('/config', 'three');\nfor await (const event of watch)",
      ),
    );
    await import(pathToFileURL(file).href);
  }
});
