import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { curator } from '@meshkeeper/registries';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { endpointsOf } from './support/api.ts';
import { meshkeeper, type Running, start, startMeshkeeper } from './support/command.ts';
import { startTerminal } from './support/terminal.ts';

const run = promisify(execFile);
const BOLD = '\u001b[1m';
const stack = new AsyncDisposableStack();
let up: Running;
let zk: ZooKeeper;
let folder: string;
let server: readonly string[];

before(async () => {
  const ensemble = stack.use(await startZooKeeperServer({ port: 0 }));
  folder = stack.use(await tempDir()).path;
  const listeners = ['api', 'xds', 'gateway', 'dns'].flatMap((name) => [
    `--${name}-listen`,
    '127.0.0.1:0',
  ]);
  up = stack.use(await startMeshkeeper(['up', '--zookeeper', ensemble.connect, ...listeners]));
  zk = stack.use(await connect({ connect: ensemble.connect }));
  server = ['--server', up.ready.api];
  await register('orders');
});
after(() => stack.disposeAsync());

async function register(service: string): Promise<void> {
  const id = `${service}-with-a-long-name-that-does-not-fit-into-a-narrow-terminal`;
  const instance = { service, id, address: '127.0.0.1', port: 80 };
  for (const { path, data } of curator.encode('/discovery', instance, 0))
    await zk.create(path, data, { parents: true });
  await until(async () => (await endpointsOf(up.ready.api, service)).length === 1);
}

describe('at a terminal', () => {
  test('what destroys asks, after what would go', async () => {
    const file = join(folder, 'fault.yaml');
    await writeFile(
      file,
      `{ apiVersion: meshkeeper.io/v1, kind: FaultPolicy, metadata: { name: broken },
         spec: { targetRefs: [{ name: orders }], abort: { httpStatus: 418, percent: 1 } } }`,
    );
    assert.equal((await meshkeeper(['apply', '-f', file, ...server])).code, 0);
    const command = ['meshkeeper', 'delete', 'faultpolicy/broken', ...server];
    await using no = startTerminal(command);
    await no.shows(/FaultPolicy\/broken would be deleted[\s\S]*Delete them\?/);
    no.type('n');
    await no.shows(/nothing was changed/);
    assert.equal(await no.ended(), 1);
    await using yes = startTerminal(command);
    await yes.shows(/Delete them\?/);
    yes.type('y');
    await yes.shows(/FaultPolicy\/broken +deleted/);
    assert.equal(await yes.ended(), 0);
  });

  test('tables fit, and have colours unless they are not wanted', async () => {
    const command = ['meshkeeper', 'endpoints', 'orders', ...server];
    await using narrow = startTerminal(command, { columns: 60 });
    const table = await narrow.shows(/^ID [\s\S]*\n.*127\.0\.0\.1:80.*\n/m);
    for (const line of table.trimEnd().split('\n')) assert.ok(line.length <= 60, line);
    assert.match(table, /…/);
    assert.ok(narrow.raw().includes(BOLD));
    await narrow.ended();
    for (const [more, env] of [
      [['--no-color'], { FORCE_COLOR: '1' }],
      [[], { NO_COLOR: '1' }],
    ] as const) {
      await using plain = startTerminal([...command, ...more], { env });
      await plain.shows(/127\.0\.0\.1:80/);
      await plain.ended();
      assert.ok(!plain.raw().includes(BOLD));
    }
  });

  test('a list that is watched is drawn anew, until Ctrl-C', async () => {
    await using watching = startTerminal(['meshkeeper', 'services', '--watch', ...server]);
    await watching.shows(/orders +http +1\/1/);
    await register('new');
    await watching.shows(/new +http +1\/1/);
    watching.type('\u0003');
    assert.equal(await watching.ended(), 0);
  });
});

describe('where nobody looks', () => {
  test('a list that is watched is a line a change', async () => {
    await using watching = start(['services', '--watch', '-o', 'table', ...server]);
    await watching.printed(/^\+ orders http 1\/1/m);
    await register('newer');
    await watching.printed(/^[+~] newer http 1\/1 draining 0 held 0$/m);
    assert.equal((await watching.end('SIGINT')).code, 0);
  });

  test('a reader that has seen enough is no error, and colours can be forced', async () => {
    const PATH = `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}`;
    const env = { ...process.env, PATH, FORCE_COLOR: '1' };
    const script = `set -o pipefail; meshkeeper --help | head -1; meshkeeper services -o table ${server.join(' ')}`;
    const { stdout, stderr } = await run('bash', ['-c', script], { env });
    assert.match(stdout, /^Usage: meshkeeper/);
    assert.ok(stdout.includes(`${BOLD}NAME`));
    assert.equal(stderr, '');
  });

  test('a name that there is not is answered with the one that was meant', async () => {
    const wrong = await meshkeeper(['endpoints', 'ordres', ...server]);
    assert.equal(wrong.code, 3);
    assert.match(wrong.stderr, /no service is called "ordres": did you mean "orders"\?/);
    const proxy = await meshkeeper(['proxy-status', 'gatway', ...server]);
    assert.match(proxy.stderr, /did you mean "gateway"\?/);
  });
});
