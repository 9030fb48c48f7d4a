import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from '@meshkeeper/testbed';
import { home } from './fixture.ts';

const MODULES: Readonly<Record<string, string>> = {
  '@meshkeeper/sdk': new URL('../src/index.ts', import.meta.url).href,
  '@meshkeeper/sdk/express': new URL('../src/middleware/express.ts', import.meta.url).href,
  express: import.meta.resolve('express'),
};

test('the examples of the README run, and end by themselves', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) =>
    code!.replace(/from '([^']+)'/g, (_, name: string) => `from '${MODULES[name]}'`),
  );
  const [calling, served, following, alone, ...others] = examples;
  assert.ok(calling && served && following && alone);
  assert.deepEqual(others, []);
  await using at = await home();
  await using mesh = await at.mesh();
  await using folder = await tempDir('meshkeeper-sdk-readme-');
  const children: ChildProcess[] = [];
  await using _ = {
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
  const start = async (name: string, code: string) => {
    const file = join(folder.path, `${name}.ts`);
    await writeFile(file, code);
    const child = spawn(process.execPath, ['--conditions=source', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        MESHKEEPER_SERVER: at.api,
        MESHKEEPER_XDS: at.xds,
        MESHKEEPER_ZOOKEEPER_CONNECT: '',
      },
    });
    children.push(child);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    return { child, exit: once(child, 'exit'), said: () => said };
  };

  const orders = await start('served', served);
  const signal = AbortSignal.timeout(20_000);
  for await (const { length } of mesh.service('orders').endpoints({ signal }))
    if (length > 0) break;
  const programs = await Promise.all([
    start('calling', calling),
    start('following', following),
    start('alone', alone),
  ]);
  for (const { exit } of programs) assert.deepEqual(await exit, [0, null]);
  const [first, second, third] = programs.map(({ said }) => said());
  assert.equal(first, "200 { id: '42' }\n");
  assert.match(second ?? '', /:\d+ (unknown|healthy)' \]\n404\n$/);
  assert.match(third ?? '', /^alone, with token 0\.\d+\nleading\n$/);
  orders.child.kill('SIGTERM');
  assert.deepEqual(await orders.exit, [null, 'SIGTERM']);
});
