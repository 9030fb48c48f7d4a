import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { curator } from '@meshkeeper/registries';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { endpointsOf } from './support/api.ts';
import { startBackend } from './support/backend.ts';
import { type Running, startMeshkeeper } from './support/command.ts';
import { parse } from './support/command-tree.ts';
import { meshkeeperCalls } from './support/shell-commands.ts';

const run = promisify(execFile);

/** A block of a document that is for a shell. */
interface Block {
  readonly name: string;
  readonly text: string;
  /** Why it can't be run. */
  readonly reason: string | undefined;
}

/** The page of all commands is left out: its examples are those of the help, which has a test. */
const documents = globSync([
  '*.md',
  'docs/**/*.md',
  'packages/*/README.md',
  'packages/*/src/**/*.md',
  'examples/**/*.md',
]).filter((file) => file !== 'docs/reference/cli.md' && file !== 'CHANGELOG.md');

/** What a person would type, of the blocks marked `sh` and `console`. */
const blocks: readonly Block[] = documents.sort().flatMap((file) => {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/^```(sh|bash|shell|console)(?: (.*))?\n([\s\S]*?)^```$/gm)].map(
    ([, language, info = '', body = ''], i) => {
      // What a console shows is compared by the test of its document.
      const typed = [...body.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line).join('\n');
      const told = /^not run: (\S.*)$/.exec(info)?.[1];
      return language === 'console'
        ? { name: `${file} ${i + 1}`, text: typed, reason: 'it shows what is printed' }
        : { name: `${file} ${i + 1}`, text: body, reason: told };
    },
  );
});

const stack = new AsyncDisposableStack();
let up: Running;
let folder: string;

before(async () => {
  const server = stack.use(await startZooKeeperServer({ port: 0 }));
  const listeners = ['api', 'xds', 'gateway', 'dns'].flatMap((name) => [
    `--${name}-listen`,
    '127.0.0.1:0',
  ]);
  folder = stack.use(await tempDir()).path;
  // What certificates and secrets take, which the documents say how to make.
  const keyFile = join(folder, 'keys-of-up');
  await writeFile(keyFile, `2026:${randomBytes(32).toString('base64')}\n`);
  const config = join(folder, 'up.yaml');
  await writeFile(config, JSON.stringify({ configuration: { secrets: { keyFile } } }));
  const flags = ['--config', config, '--zookeeper', server.connect, ...listeners];
  up = stack.use(await startMeshkeeper(['up', ...flags]));
  const { port } = stack.use(await startBackend('orders'));
  const zk = stack.use(await connect({ connect: server.connect }));
  const instance = { service: 'orders', id: 'orders-1', address: '127.0.0.1', port };
  for (const { path, data } of curator.encode('/discovery', instance, 0))
    await zk.create(path, data, { parents: true });
  await until(async () => (await endpointsOf(up.ready.api, 'orders')).length === 1);
  const gateway = ['--gateway-listen', '127.0.0.1:0', '--id', 'web-2'];
  stack.use(await startMeshkeeper(['proxy', '--xds', up.ready.xds, ...gateway]));
});
after(() => stack.disposeAsync());

test('there are blocks, and what is said of them is understood', () => {
  assert.ok(blocks.filter(({ reason }) => reason === undefined).length >= 4);
  for (const file of documents)
    for (const [line, info] of readFileSync(file, 'utf8').matchAll(/^```sh (.*)$/gm))
      assert.match(info!, /^not run: \S/, `${file}: ${line}`);
});

describe('what documents have one type is taken by the command line', () => {
  for (const { name, text } of blocks)
    for (const args of meshkeeperCalls(text))
      test(`${name}: meshkeeper ${args.join(' ')}`, () => parse(args));
});

describe('the blocks of the documents run', () => {
  for (const { name, text, reason } of blocks)
    if (reason === undefined)
      test(name, async () => {
        const { api, xds, zookeeper } = up.ready;
        // The documents' ensembles and ports, at those of this run.
        const here = text
          .replaceAll('zk1:2181,zk2:2181,zk3:2181', zookeeper)
          .replaceAll('http://127.0.0.1:7070', api)
          .replaceAll('127.0.0.1:7071', xds);
        const PATH = `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}`;
        const env = { ...process.env, PATH, MESHKEEPER_SERVER: api, API: api };
        await run('bash', ['-euo', 'pipefail', '-c', here], { cwd: folder, env, timeout: 60_000 });
      });
});
