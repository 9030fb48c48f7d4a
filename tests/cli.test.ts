import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tempDir, until } from '@meshkeeper/testbed';
import type { Command } from 'commander';
import { createProgram } from 'meshkeeper';
import {
  meshkeeper,
  type Result,
  type Running,
  start,
  startMeshkeeper,
} from './support/command.ts';
import { helpOf, visible } from './support/command-tree.ts';

const FREE = '127.0.0.1:0';
/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';
const API = ['--api-listen', FREE];
const XDS = ['--xds-listen', FREE];
const DNS = ['--dns-listen', FREE];
const GATEWAY = ['--gateway-listen', FREE];
const ZOOKEEPER = ['--zookeeper-listen', FREE];

const stack = new AsyncDisposableStack();
let data: string;
let up: Running;

before(async () => {
  data = stack.use(await tempDir()).path;
  const args = [...API, ...XDS, ...DNS, ...GATEWAY, ...ZOOKEEPER, '--data', join(data, 'up')];
  up = stack.use(await startMeshkeeper(['up', ...args]));
});
after(() => stack.disposeAsync());

/** Runs a command that must fail with that code and one sentence, nothing on standard output. */
async function fails(args: readonly string[], code: number, sentence: RegExp): Promise<void> {
  const result = await meshkeeper(args);
  const said = `meshkeeper ${args.join(' ')}: ${JSON.stringify(result)}`;
  assert.equal(result.code, code, said);
  assert.equal(result.stdout, '', said);
  assert.match(result.stderr, sentence, said);
  const lines = result.stderr.trimEnd().split('\n');
  const hint = lines.at(-1) === '(meshkeeper --help shows what there is)';
  assert.equal(lines.length, hint ? 2 : 1, said);
}

describe('a mistake on the command line', { concurrency: true }, () => {
  const mistakes: readonly [string, RegExp][] = [
    ['nope', /unknown command 'nope'/],
    ['services --nope', /unknown option '--nope'/],
    ['services one two', /too many arguments for 'services'/],
    ['services -o xml', /'xml' is invalid\. Allowed choices are table, json, yaml/],
    ['endpoints', /missing required argument 'name'/],
    ['drain orders', /missing required argument 'endpoint'/],
    ['zk get', /missing required argument 'path'/],
    ['zk ls / --zookeeper nope:x', /"nope:x" is no connect string: write host:port/],
    ['zk create /a -e --container', /choose one of --ephemeral, --container and --ttl/],
    ['zookeeper --port many', /'many' is invalid\. Give a whole number/],
    ['zookeeper --data', /option '--data <dir>' argument missing/],
    ['proxy --xds nope', /--xds: "nope" is no address: write 127\.0\.0\.1:7071/],
    ['bootstrap envoy --xds nope', /--xds: "nope" is no address/],
  ];
  for (const [line, sentence] of mistakes) test(line, () => fails(line.split(' '), 2, sentence));
});

type Listener = 'api' | 'xds' | 'dns' | 'gateway' | 'zookeeper';

describe('a port that is busy', { concurrency: true }, () => {
  const args: Readonly<Record<string, () => Readonly<Partial<Record<Listener, string[]>>>>> = {
    up: () => ({ api: API, xds: XDS, dns: DNS, gateway: GATEWAY, zookeeper: ZOOKEEPER }),
    'control-plane': () => ({ api: API, xds: XDS, dns: DNS }),
    proxy: () => ({ gateway: GATEWAY }),
    zookeeper: () => ({ zookeeper: ['--port', '0'] }),
  };
  for (const [command, listeners] of Object.entries(args))
    for (const name of Object.keys(listeners()) as Listener[])
      test(`${name} of ${command}`, async () => {
        const address = up.ready[name].replace('http://', '');
        const port = address.split(':')[1]!;
        const flags = Object.entries(listeners()).flatMap(([each, [flag, free]]) =>
          each === name ? [flag!, flag === '--port' ? port : address] : [flag!, free!],
        );
        const more: Readonly<Record<string, string[]>> = {
          up: ['--data', join(data, `${command}-${name}`)],
          zookeeper: ['--data', join(data, `${command}-${name}`)],
          'control-plane': ['--zookeeper', up.ready.zookeeper],
          proxy: ['--xds', up.ready.xds],
        };
        const sentence = new RegExp(`\\b${port}\\b.*\\bstop .*\\banother\\b`, 'i');
        await fails([command, ...flags, ...more[command]!], 1, sentence);
      });

  test('a data directory that is in use', () =>
    fails(
      ['zookeeper', '--port', '0', '--data', join(data, 'up')],
      1,
      /is in use by process \d+\. Stop that server, or give another directory/,
    ));
});

describe('nobody answers', { concurrency: true }, () => {
  const unreachable = /no ZooKeeper server answered at 127\.0\.0\.1:1 within \d+ s: .*--zookeeper/;
  test('control-plane', () =>
    fails(['control-plane', '--zookeeper', NOBODY, ...API, ...XDS, ...DNS], 1, unreachable));
  test('up', () =>
    fails(['up', '--zookeeper', NOBODY, ...API, ...XDS, ...DNS, ...GATEWAY], 1, unreachable));
  test('zk ls', () => fails(['zk', 'ls', '--zookeeper', NOBODY], 1, unreachable));
  test('proxy', () =>
    fails(
      ['proxy', '--xds', NOBODY, ...GATEWAY],
      1,
      /control plane 127\.0\.0\.1:1 gave no usable/,
    ));
  for (const line of ['services', 'endpoints orders', 'drain orders 1', 'proxy-status'])
    test(line, () =>
      fails(
        [...line.split(' '), '--server', `http://${NOBODY}`],
        1,
        /no control plane answers at http:\/\/127\.0\.0\.1:1: start one .* or say where it is/,
      ),
    );
});

describe('what is not there is exit 3', { concurrency: true }, () => {
  for (const line of ['endpoints nope', 'services nope', 'drain nope 1'])
    test(line, () =>
      fails([...line.split(' '), '--server', up.ready.api], 3, /no service is called "nope"/),
    );
  for (const line of ['get /nope', 'ls /nope', 'stat /nope', 'set /nope x', 'delete /nope'])
    test(`zk ${line}`, () =>
      fails(['zk', ...line.split(' '), '--zookeeper', up.ready.zookeeper], 3, /\/nope/));
});

describe('the configuration', { concurrency: true }, () => {
  const config = async (name: string, text: string): Promise<[string, Result]> => {
    const file = join(data, name);
    await writeFile(file, text);
    const result = await meshkeeper(['control-plane', '--config', file]);
    assert.equal(result.code, 2, result.stderr);
    return [file, result];
  };

  test('all that is wrong in a file is told at once, with its line', async () => {
    const [file, { stderr }] = await config(
      'wrong.yaml',
      `zookeeper:
  sessionTimeout: 10 seconds
registries:
  - { name: a, dialect: none, root: services }
controlPlane:
  api: { listen: 0.0.0.0:7070 }
  xds: { listen: nonsense }
gatway: { listen: 127.0.0.1:0 }
`,
    );
    const places = stderr.split('\n').map((line) => /^ {2}(.*?): ([\w.]+): /.exec(line)?.slice(1));
    assert.deepEqual(
      places.filter((place) => place !== undefined),
      [
        [`${file}:2`, 'zookeeper.sessionTimeout'],
        [`${file}:4`, 'registries.0.dialect'],
        [`${file}:4`, 'registries.0.root'],
        [`${file}:6`, 'controlPlane.api.listen'],
        [`${file}:7`, 'controlPlane.xds.listen'],
        [`${file}:8`, 'gatway'],
      ],
      stderr,
    );
  });

  test('a file that is no YAML, holds no settings, or is not there', async () => {
    const [file, { stderr }] = await config('syntax.yaml', 'zookeeper:\n  connect: "open\n');
    assert.match(stderr, new RegExp(`${file}:\\d: `));
    assert.match(
      (await config('scalar.yaml', 'zookeeper\n'))[1].stderr,
      /scalar\.yaml:1: settings/,
    );
    await fails(
      ['control-plane', '--config', join(data, 'none.yaml')],
      2,
      /none\.yaml can't be read/,
    );
  });

  test('a listener that others reach wants it said', async () => {
    const open = '0.0.0.0:0';
    const sentence =
      /0\.0\.0\.0 can be reached from other machines, and there is no authentication/;
    const commands = [
      ['control-plane', '--api-listen', open, ...XDS, ...DNS],
      ['control-plane', '--xds-listen', open, ...API, ...DNS],
      ['control-plane', '--dns-listen', open, ...API, ...XDS],
      ['proxy', '--xds', NOBODY, '--gateway-listen', open],
      [
        'up',
        ...API,
        ...XDS,
        ...DNS,
        ...ZOOKEEPER,
        '--data',
        join(data, 'open'),
        '--gateway-listen',
        open,
      ],
      ['up', ...API, ...XDS, ...DNS, ...GATEWAY, '--zookeeper-listen', open],
    ];
    await Promise.all(
      commands.map(async (command) => {
        const { code, stderr } = await meshkeeper(command);
        assert.equal(code, 2, stderr);
        assert.match(stderr, sentence);
      }),
    );
    const file = join(data, 'insecure.yaml');
    await writeFile(file, `controlPlane: { api: { listen: '${open}', insecure: true } }\n`);
    const { zookeeper } = up.ready;
    const args = ['control-plane', '--zookeeper', zookeeper, '--config', file, ...XDS, ...DNS];
    await using allowed = await startMeshkeeper(args);
    assert.match(allowed.ready.api, /:\d+$/);
  });
});

describe('zk', () => {
  const zk = async (...args: readonly string[]): Promise<Result> => {
    const result = await meshkeeper(['zk', ...args], {
      env: { MESHKEEPER_ZOOKEEPER_CONNECT: up.ready.zookeeper },
    });
    return result;
  };
  const output = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await zk(...args);
    assert.equal(code, 0, `zk ${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  test('create, get, set, ls, stat and delete', async () => {
    assert.equal(await output('create', '/zk', 'héllo'), '/zk\n');
    assert.equal(await output('get', '/zk'), 'héllo');
    assert.match((await zk('create', '/zk')).stderr, /exists already/);
    assert.match((await zk('create', '/zk/a/b')).stderr, /there is no znode \/zk\/a to create it/);
    assert.equal(await output('set', '/zk', '{"a":1}'), '');
    assert.equal(await output('get', '/zk'), '{"a":1}');
    assert.equal(await output('create', '-s', '/zk/seq-', 'x'), '/zk/seq-0000000000\n');
    assert.equal(await output('create', '-s', '/zk/seq-', 'x'), '/zk/seq-0000000001\n');
    assert.equal(await output('create', '/zk/empty'), '/zk/empty\n');
    assert.equal(await output('get', '/zk/empty'), '');
    const children = ['empty', 'seq-0000000000', 'seq-0000000001'];
    assert.deepEqual(JSON.parse(await output('ls', '/zk')), children);
    assert.deepEqual(JSON.parse(await output('ls', '/zk', '-o', 'json')), children);
    assert.equal(await output('ls', '/zk', '-o', 'table'), `${children.join('\n')}\n`);
    const stat = JSON.parse(await output('stat', '/zk'));
    assert.deepEqual(
      { version: stat.version, numChildren: stat.numChildren, dataLength: stat.dataLength },
      { version: 1, numChildren: 3, dataLength: 7 },
    );
    assert.match(
      await output('stat', '/zk', '-o', 'table'),
      /^FIELD +VALUE\n[\s\S]*\nversion +1\n/,
    );
    const { data: text, stat: same } = JSON.parse(await output('get', '/zk', '-o', 'json'));
    assert.deepEqual({ text, same }, { text: '{"a":1}', same: stat });
    assert.match((await zk('delete', '/zk')).stderr, /has children: delete those first/);
    for (const child of children) assert.equal(await output('delete', `/zk/${child}`), '');
    await output('delete', '/zk');
    assert.equal((await zk('stat', '/zk')).code, 3);
    assert.equal((await zk('get', 'zk')).code, 2, 'a path begins with /');
  });

  test('set and delete only if the version is the one that was seen', async () => {
    await output('create', '/versioned', 'a');
    assert.equal((await zk('set', '/versioned', 'b', '--if-version', '7')).code, 1);
    assert.equal((await zk('delete', '/versioned', '--if-version', '7')).code, 1);
    assert.equal(await output('get', '/versioned'), 'a');
    await output('set', '/versioned', 'b', '--if-version', '0');
    await output('delete', '/versioned', '--if-version', '1');
    assert.equal((await zk('get', '/versioned')).code, 3);
  });

  test('an ephemeral znode lives as long as the command, and watch tells of it', async () => {
    const { zookeeper } = up.ready;
    await using watching = start(['zk', 'watch', '/', '--zookeeper', zookeeper]);
    await until(() => watching.stderr().includes('watching /'));
    await using holding = start(['zk', 'create', '-e', '/held', 'x', '--zookeeper', zookeeper]);
    await holding.printed(/^\/held$/m);
    assert.equal(await output('get', '/held'), 'x');
    assert.equal((await holding.end('SIGINT')).code, 0);
    assert.equal((await zk('get', '/held')).code, 3, 'it went with its session, at once');
    await watching.printed(/^\S+ \/held\n(?:[\s\S]*\n)?\S+ \/held$/m);
    assert.equal((await watching.end('SIGINT')).code, 0);
  });
});

test('data is a table where it is asked for, and JSON where nobody looks', async () => {
  const server = ['--server', up.ready.api];
  const table = await meshkeeper(['proxy-status', ...server, '-o', 'table']);
  assert.match(
    table.stdout,
    /^ID +CLUSTER +CDS +EDS +LDS +RDS +BEHIND +AGENT +SINCE\ngateway +gateway +/,
  );
  const json = await meshkeeper(['proxy-status', ...server]);
  assert.equal(JSON.parse(json.stdout).proxies[0].id, 'gateway');
  const yaml = await meshkeeper(['services', ...server, '-o', 'yaml']);
  for (const member of [
    /^revision: \d+$/m,
    /^services: \[\]$/m,
    /^registries:\n {2}- name: spring$/m,
  ])
    assert.match(yaml.stdout, member);
  const empty = await meshkeeper(['services', ...server, '-o', 'table']);
  assert.match(empty.stdout, /^no services yet: register one/);
});

test('every command, argument and option has a description', async () => {
  const seen: string[] = [];
  const look = (command: Command, name: string): void => {
    const text = helpOf(command);
    seen.push(name);
    assert.match(text, /^Usage: meshkeeper .*\n\n\S.+\n/, `${name} says what it does`);
    const commands = /\nCommands:\n((?: .*\n)+)/.exec(text)?.[1] ?? '';
    const options = /\nOptions:\n((?: .*\n)+)/.exec(text)?.[1] ?? '';
    for (const line of `${commands}${options}`.split('\n').filter((each) => /^ {2}\S/.test(each)))
      assert.match(`${line}\n`, /^ {2}\S.*(?: {2,}\S.*|\n)$/, `${name}: ${line}`);
    for (const child of visible(command)) look(child, `${name} ${child.name()}`);
  };
  const program = createProgram();
  look(program, 'meshkeeper');
  for (const name of ['up', 'zookeeper', 'control-plane', 'proxy', 'zk watch', 'bootstrap envoy'])
    assert(seen.includes(`meshkeeper ${name}`), `${name} is among ${seen}`);
  // What was looked at is what is printed.
  const zk = program.commands.find((command) => command.name() === 'zk')!;
  for (const [args, command] of [
    [[], program],
    [['zk'], zk],
    [['zk', 'watch'], zk.commands.find((each) => each.name() === 'watch')!],
  ] as const) {
    const { code, stdout } = await meshkeeper([...args, '--help']);
    assert.deepEqual([code, stdout], [0, helpOf(command)]);
  }
});
