import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { curator } from '@meshkeeper/registries';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { endpointsOf } from './support/api.ts';
import { meshkeeper, type Running, startMeshkeeper } from './support/command.ts';
import { startTerminal } from './support/terminal.ts';

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
let up: Running;
let env: Record<string, string>;
/** What `meshkeeper completion bash` prints, in a file. */
let sourced: string;

before(async () => {
  const data = stack.use(await tempDir()).path;
  const free = ['api', 'xds', 'gateway', 'dns', 'zookeeper'];
  const listeners = free.flatMap((name) => [`--${name}-listen`, '127.0.0.1:0']);
  up = stack.use(await startMeshkeeper(['up', ...listeners, '--data', join(data, 'up')]));
  await using zk = await connect({ connect: up.ready.zookeeper });
  for (const service of ['orders', 'com.acme.Orders:1.0:blue']) {
    const instance = { service, id: `${service}-1`, address: '127.0.0.1', port: 8080 };
    for (const { path, data: bytes } of curator.encode('/discovery', instance, 0))
      await zk.create(path, bytes, { parents: true });
  }
  for (const service of ['orders', 'com.acme.Orders:1.0:blue'])
    await until(async () => (await endpointsOf(up.ready.api, service)).length === 1);
  for (const [path, body] of [
    ['default/draft', { set: { 'db.host': 'a', port: '1' } }],
    ['default/publish', {}],
    ['default/draft', { set: { port: '2' } }],
    ['default/publish', { message: 'two' }],
    ['prod/draft', { set: { 'db.host': 'b' } }],
  ] as const) {
    const response = await fetch(`${up.ready.api}/api/v1/config/shop/${path}`, {
      method: path.endsWith('draft') ? 'PATCH' : 'POST',
      headers: { 'content-type': 'application/json', 'if-match': '*' },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, await response.text());
  }
  sourced = join(data, 'completion.bash');
  await writeFile(sourced, (await meshkeeper(['completion', 'bash'])).stdout);
  env = { MESHKEEPER_SERVER: up.ready.api, MESHKEEPER_ZOOKEEPER_CONNECT: up.ready.zookeeper };
});
after(() => stack.disposeAsync());

describe('in bash', () => {
  /** What bash would put in place of the word at the end of a line. */
  async function completed(line: string, more: Readonly<Record<string, string>> = {}) {
    // As bash itself splits: what breaks words is a word of its own.
    const words = line.split(/([:=])|\s+/).filter((word) => word !== undefined);
    const script = `
      source ${sourced}
      COMP_LINE=$1 COMP_POINT=\${#1}; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      compopt() { :; }
      _meshkeeper
      (( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const PATH = `${resolve('node_modules/.bin')}${delimiter}${process.env.PATH}`;
    const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', line, ...words], {
      env: { ...process.env, ...env, PATH, ...more },
    });
    return stdout.split('\n').filter(Boolean);
  }

  const offers: readonly [line: string, wanted: readonly string[]][] = [
    ['meshkeeper proxy-s', ['proxy-status']],
    ['meshkeeper zk dele', ['delete', 'deleteall']],
    ['meshkeeper services --out', ['--output']],
    ['meshkeeper services -o ', ['table', 'json', 'yaml']],
    ['meshkeeper services --output=y', ['yaml']],
    ['meshkeeper -o json endpoints or', ['orders']],
    ['meshkeeper endpoints com', ['com.acme.Orders:1.0:blue']],
    ['meshkeeper endpoints com.acme.Orders:1', ['1.0:blue']],
    ['meshkeeper drain orders ', ['orders-1']],
    ['meshkeeper drain --reason "it is full" orders o', ['orders-1']],
    ['meshkeeper explain orders --proxy g', ['gateway']],
    ['meshkeeper proxy-config gateway r', ['routes']],
    ['meshkeeper zk ls /disc', ['/discovery']],
    ['meshkeeper zk ls /discovery/orders/', ['/discovery/orders/orders-1']],
    ['meshkeeper get httpr', ['httproute']],
    ['meshkeeper bootstrap envoy --service ord', ['orders']],
    ['meshkeeper endpoints orders too-many', []],
    ['meshkeeper nope ', []],
    ['meshkeeper lock /disc', ['/discovery']],
    ['meshkeeper config get sh', ['shop', 'shop/prod']],
    ['meshkeeper config run sh', ['shop']],
    ['meshkeeper config run shop --profile p', ['prod']],
    ['meshkeeper config get shop d', ['db.host']],
    ['meshkeeper config set shop --remove po', ['port']],
    ['meshkeeper config rollback shop ', ['2', '1']],
    ['meshkeeper config settings shop --link shop/', ['shop/prod']],
    ['meshkeeper config get nope ', []],
  ];
  for (const [line, wanted] of offers)
    test(line, async () => assert.deepEqual(await completed(line), wanted));

  test('no hidden command is offered, and every other is', async () => {
    const names = await completed('meshkeeper ');
    assert.ok(names.includes('up') && names.includes('zk') && names.includes('completion'));
    assert.deepEqual(
      names.filter((name) => /__complete|demo-instance/.test(name)),
      [],
    );
  });

  test('with nobody there it is silent', async () => {
    const away = {
      MESHKEEPER_SERVER: 'http://127.0.0.1:1',
      MESHKEEPER_ZOOKEEPER_CONNECT: '127.0.0.1:1',
    };
    assert.deepEqual(await completed('meshkeeper endpoints ', away), []);
    assert.deepEqual(await completed('meshkeeper zk ls /', away), []);
    const asked = await meshkeeper(['__complete', '--line', 'meshkeeper endpoints '], {
      env: away,
    });
    assert.deepEqual([asked.code, asked.stdout, asked.stderr], [0, '', '']);
  });

  test('at a real prompt', async () => {
    await using bash = startTerminal(['bash', '--norc', '--noprofile', '-i'], { env });
    await bash.shows(/[#$] $/);
    bash.type('source <(meshkeeper completion bash)\r');
    await bash.shows(/\n.*[#$] $/);
    bash.type('meshkeeper endp\t');
    await bash.shows(/meshkeeper endpoints $/);
    bash.type('com.acme.Orders:\t');
    await bash.shows(/com\.acme\.Orders:1\.0:blue $/);
    bash.type('-o json\r');
    await bash.shows(/"id": "com\.acme\.Orders:1\.0:blue-1"/);
    bash.type('exit\r');
    assert.equal(await bash.ended(), 0);
  });
});

describe('in zsh and fish', () => {
  const asks = {
    zsh: /__complete -- .*CURRENT.*PREFIX/,
    fish: /__complete -- \$words\[2\.\.-1\] "\$word"/,
  };
  for (const [shell, ask] of Object.entries(asks))
    test(`${shell}: its script asks as the command answers`, async () => {
      const { code, stdout } = await meshkeeper(['completion', shell]);
      assert.equal(code, 0);
      assert.match(stdout, ask);
      assert.match(stdout, /:files/);
      for (const pair of ['[]', '{}'])
        assert.equal(stdout.split(pair[0]!).length, stdout.split(pair[1]!).length, pair);
      // Where the shell is installed it has the last word.
      const checked = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' });
      if (checked.error === undefined) assert.equal(checked.status, 0, checked.stderr);
    });

  test('words come one by one, the last may be empty', async () => {
    const ask = async (...words: readonly string[]) =>
      (await meshkeeper(['__complete', '--', ...words], { env })).stdout;
    assert.equal(await ask('drain', 'orders', ''), 'orders-1\t127.0.0.1:8080\n');
    assert.equal(
      await ask('services', '--wat'),
      `--watch\tfollow: drawn anew on a terminal, otherwise a line of JSON a change\n`,
    );
    assert.equal(await ask('apply', '-f', ''), ':files\n');
  });
});
