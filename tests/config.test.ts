import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ConfigOptions, openConfig } from '@meshkeeper/config';
import { tempDir, until } from '@meshkeeper/testbed';
import { connect } from '@meshkeeper/zookeeper';
import { z } from 'zod';
import { meshkeeper, type Running, start, startMeshkeeper } from './support/command.ts';

const FREE = '127.0.0.1:0';
const LISTENERS = ['api', 'xds', 'gateway', 'dns', 'zookeeper'].flatMap((name) => [
  `--${name}-listen`,
  FREE,
]);

const stack = new AsyncDisposableStack();
let folder: string;
let up: Running;
let api: string;

before(async () => {
  folder = stack.use(await tempDir()).path;
  const file = join(folder, 'meshkeeper.json');
  const keyFile = join(folder, 'keys');
  await writeFile(keyFile, `2026:${randomBytes(32).toString('base64')}\n`);
  await writeFile(file, JSON.stringify({ configuration: { secrets: { keyFile } } }));
  const flags = ['--config', file, '--data', join(folder, 'data')];
  up = stack.use(await startMeshkeeper(['up', ...LISTENERS, ...flags]));
  ({ api } = up.ready);
});
after(() => stack.disposeAsync());

/** Runs `meshkeeper config …`. */
const config = (args: readonly string[], input?: string, env: Record<string, string> = {}) =>
  meshkeeper(['config', ...args], {
    env: { MESHKEEPER_SERVER: api, XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    ...(input !== undefined && { input }),
  });

/** Runs one that must succeed, and gives what it prints. */
async function done(args: readonly string[], input?: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await config(args, input, env);
  assert.equal(code, 0, `config ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Runs one that must fail with a code and one sentence. */
async function fails(args: readonly string[], code: number, sentence: RegExp) {
  const result = await config(args);
  assert.equal(result.code, code, `config ${args.join(' ')}: ${JSON.stringify(result)}`);
  assert.match(result.stderr, sentence);
}

/** Publishes over HTTP, as many programs do. */
async function publish(application: string, set: Readonly<Record<string, string>>) {
  const path = `${api}/api/v1/config/${application}/default`;
  const send = async (method: string, part: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'if-match': '*' };
    const init = { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${path}/${part}`, init);
    assert.ok(response.ok, await response.text());
  };
  await send('PATCH', 'draft', { set });
  await send('POST', 'publish', {});
}

describe('the commands', { concurrency: 2 }, () => {
  test('a draft is edited, shown, published, taken back', async () => {
    await fails(['get', 'first'], 3, /nothing is published for first/);
    const set = await done(['set', 'first', 'server.port=8080', 'a=1', '-o', 'table']);
    assert.equal(set, '+ a: 1\n+ server.port: 8080\n');
    await fails(['publish', 'first'], 2, /nobody can be asked here: say --yes/);
    assert.equal(await done(['diff', 'first', '-o', 'table']), '+ a: 1\n+ server.port: 8080\n');
    await done(['publish', 'first', '--yes', '-m', 'the beginning']);
    // Who reads after a publish sees it.
    assert.equal(await done(['get', 'first', 'server.port']), '8080\n');
    await fails(['get', 'first', 'server.prot'], 3, /no key server\.prot: did you mean "server/);
    await fails(['get', 'firs'], 3, /did you mean "first"/);
    await done(['set', 'first', 'a=2', '--remove', 'server.port', '--publish', '--yes']);
    const diff = await done(['diff', 'first', '1', '2', '-o', 'table']);
    assert.equal(diff, '~ a: 1 -> 2\n- server.port: 8080\n');
    assert.equal((await config(['diff', 'first', '1', '--exit-code'])).code, 1);
    await done(['rollback', 'first', '1', '--yes']);
    const { items } = JSON.parse(await done(['history', 'first', '-o', 'json']));
    assert.deepEqual(
      items.map(({ number, kind, message }: { [key: string]: unknown }) => [number, kind, message]),
      [
        [3, 'rollback', undefined],
        [2, 'publish', undefined],
        [1, 'publish', 'the beginning'],
      ],
    );
    await fails(['publish', 'first', '--yes'], 1, /there is no draft of first/);
  });

  test('values come from the command line, from files, from standard input', async () => {
    const file = join(folder, 'limits.json');
    await writeFile(file, '{\n  "a": 1\n}\n');
    await done(['set', 'values', `limits=@${file}`, '--type', 'json', '--comment', 'per user']);
    await done(['set', 'values', 'line=-', 'at=@@x'], 'one line\n');
    const { entries } = JSON.parse(await done(['get', 'values/default', '--draft', '-o', 'json']));
    assert.deepEqual(entries, {
      at: { type: 'text', value: '@x' },
      limits: { type: 'json', value: '{\n  "a": 1\n}\n', comment: 'per user' },
      line: { type: 'text', value: 'one line' },
    });
    await fails(['set', 'values', 'limits={', '--type', 'json'], 1, /limits: no JSON/);
    await fails(['set', 'values', 'a=@nowhere'], 2, /nowhere: there is no such file/);
    await fails(['set', 'values', 'password=hunter2', '--secret'], 2, /is read by all/);
    await fails(['set', 'values', 'a'], 2, /Write a=VALUE/);
    await fails(['set', 'values/a/b', 'a=1'], 2, /APPLICATION\/PROFILE/);
  });

  test('a gray release is for some until it is for all, or for nobody', async () => {
    await publish('gray', { a: '1' });
    await done(['set', 'gray', 'a=2']);
    await fails(['gray', 'gray', 'canary', '--yes'], 2, /for whom/);
    const made = ['--instance', 'one', '--abandon-on', 'errors', '--yes'];
    await done(['gray', 'gray', 'canary', ...made]);
    // Who reads after any of it sees it.
    assert.equal(await done(['get', 'gray', 'a', '--instance', 'one']), '2\n');
    assert.equal(await done(['get', 'gray', 'a']), '1\n');
    const history = await done(['history', 'gray', '-o', 'table']);
    assert.match(history, /^1 \(now\) .*\n2 +.* canary for some/m);
    const shown = await done(['gray', 'gray', '-o', 'table']);
    assert.match(shown, /^canary +2 +instances one +errors/m);
    await done(['gray', 'gray', 'canary', '--percentage', '100']);
    assert.equal(await done(['get', 'gray', 'a', '--instance', 'two']), '2\n');
    const { stderr } = await config(['signal', 'gray', 'errors', '-m', 'it fails']);
    assert.match(stderr, /canary of gray has ended/);
    assert.equal(await done(['get', 'gray', 'a', '--instance', 'one']), '1\n');
    await done(['set', 'gray', 'a=3']);
    await done(['gray', 'gray', 'again', '--percentage', '1', '--yes']);
    await done(['promote', 'gray', 'again', '--yes']);
    assert.equal(await done(['get', 'gray', 'a']), '3\n');
  });

  test('who comes second is told who was first, and what to do', async () => {
    await publish('race', { a: '1', b: '1' });
    await done(['set', 'race', 'a=2']);
    await done(['rebase', 'race']);
    const editor = join(folder, 'slow-editor.sh');
    // Somebody else is quicker than this editor.
    await writeFile(
      editor,
      `#!/bin/sh\nmeshkeeper config set race b=9 >/dev/null 2>&1\nsed -i 's/^a:.*/a: "3"/' "$1"\n`,
    );
    await chmod(editor, 0o755);
    const { code, stderr } = await config(['edit', 'race'], '', { EDITOR: editor });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /the draft of race\/default is another now by \w+ at \d{4}-/);
    assert.match(stderr, /what was written:[\s\S]*a: "3"/);
  });

  test('an editor shows keys with comments and types, and its mistakes come with their lines', async () => {
    await done(['set', 'edited', 'server.port=8080', '--comment', 'where it listens']);
    await done(['set', 'edited', 'limits={"a":1}', '--type', 'json']);
    const editor = join(folder, 'editor.sh');
    const script = (lines: string) => writeFile(editor, `#!/bin/sh\n${lines}\n`);
    await script(
      'cp "$1" "$0.seen"; sed -i "s/8080/9090/" "$1"; printf "new:\\n  key: 0x10\\n" >> "$1"',
    );
    await chmod(editor, 0o755);
    await done(['edit', 'edited'], '', { EDITOR: editor });
    const seen = await readFile(`${editor}.seen`, 'utf8');
    assert.match(seen, /^# edited\/default: the draft, nothing is published yet, edited by/);
    assert.match(seen, /^# where it listens\nserver\.port: "8080"$/m);
    assert.match(seen, /^limits: !json '\{"a":1\}'$/m);
    const draft = async () =>
      JSON.parse(await done(['get', 'edited/default', '--draft', '-o', 'json'])).entries;
    assert.deepEqual(await draft(), {
      limits: { type: 'json', value: '{"a":1}' },
      'new.key': { type: 'text', value: '0x10' },
      'server.port': { type: 'text', value: '9090', comment: 'where it listens' },
    });
    const before = await draft();
    await script('printf "bad: !json \'{\'\\n" >> "$1"');
    const wrong = await config(['edit', 'edited'], '', { EDITOR: editor });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /^draft\.yaml:\d+: bad: no JSON/m);
    await script('printf "a: [\\n" >> "$1"');
    const broken = await config(['edit', 'edited'], '', { EDITOR: editor });
    assert.match(broken.stderr, /^draft\.yaml:\d+: /m);
    assert.deepEqual(await draft(), before);
    const same = await config(['edit', 'edited'], '', { EDITOR: 'true' });
    assert.deepEqual([same.code, same.stderr], [1, 'meshkeeper: nothing was changed\n']);
  });

  test('a schema is kept with the draft, and refuses what does not agree', async () => {
    const file = join(folder, 'schema.json');
    const number = { type: 'object', properties: { port: { type: 'string', pattern: '^\\d+$' } } };
    await writeFile(file, JSON.stringify(number));
    await done(['schema', 'checked', '--set', file]);
    await fails(['set', 'checked', 'port=eighty'], 1, /port/);
    assert.deepEqual(JSON.parse(await done(['schema', 'checked'])), number);
    await done(['schema', 'checked', '--remove']);
    await fails(['schema', 'checked'], 3, /has no schema/);
  });

  test('what is exported can be imported: as JSON, as files, from Consul', async () => {
    await publish('whole', { a: '1', 'b.c': '2' });
    await done(['settings', 'whole', '--link', 'whole', '--four-eyes']);
    await done(['settings', 'whole/default', '--public']);
    const json = await done(['export', 'whole']);
    const copy = json.replaceAll('"whole"', '"copy"');
    await done(['import', '-', '--publish', '--yes'], copy);
    await until(async () => (await config(['get', 'copy', 'b.c'])).stdout === '2\n');
    const out = join(folder, 'exported');
    await done(['export', 'copy', '--folder', out]);
    const settings = await readFile(join(out, 'copy/_settings.yaml'), 'utf8');
    assert.equal(settings, 'links:\n  - copy/default\nfourEyes: true\npublic:\n  - default\n');
    await rm(join(out, 'copy'), { recursive: true });
    await done(['settings', 'whole', '--no-four-eyes']);
    await done(['export', 'whole', '--folder', out]);
    const open = 'links: []\npublic: []\n';
    await writeFile(join(out, 'whole/_settings.yaml'), open);
    assert.equal(
      await readFile(join(out, 'whole/default.keys.yaml'), 'utf8'),
      'a: "1"\nb.c: "2"\n',
    );
    await writeFile(join(out, 'whole/prod.yaml'), 'a: 3 # three\n');
    await writeFile(join(out, 'stray.md'), '');
    const result = await config(['import', out, '-o', 'table', '--publish', '--yes']);
    assert.match(result.stderr, /stray\.md: is not called APPLICATION/);
    assert.match(result.stdout, /^whole\/prod +1 +1 +-$/m);
    assert.match(result.stdout, /^whole \(settings\) +1 +- +-$/m);
    const { links, namespaces } = JSON.parse(await done(['list', 'whole', '-o', 'json']));
    assert.deepEqual([links, namespaces[0].public], [[], false]);
    const document = await done(['get', 'whole/prod', '-o', 'table']);
    assert.equal(document, 'a: 3 # three\n');
    const kv = await done(['export', 'copy', '--consul']);
    const moved = kv.replace('config/copy/a', 'config/kv/a').replace('config/copy/', 'config/kv/');
    await done(['import', '-'], moved);
    const { entries } = JSON.parse(await done(['get', 'kv/default', '--draft', '-o', 'json']));
    assert.equal(entries['b.c'].value, '2');
    await fails(['import', '-'], 2, /is neither what/);
    await fails(['import', 'nowhere'], 2, /there is no such file or folder/);
    await done(['delete', 'kv', '--yes']);
  });

  test('who has which release is told', async () => {
    await publish('seen', { a: '1' });
    await done(['set', 'seen', 'b=1']);
    await done(['publish', 'seen', '--yes', '-m', '']);
    await done(['get', 'seen', 'a', '--instance', 'web-1', '--profile', 'prod']);
    await publish('seen', { a: '2' });
    await done(['get', 'seen', 'a', '--address', '10.0.0.9']);
    const all = await done(['instances', 'seen', '-o', 'table', '--server', `${api},${api}`]);
    assert.match(all, /^- +10\.0\.0\.9 +seen@3 +2/m);
    assert.match(all, /^web-1 +- +seen@2 +2/m);
    assert.equal(all.trim().split('\n').length, 3, 'each is told once');
    const { items, replicas } = JSON.parse(await done(['instances', 'seen', '--release', '3']));
    assert.deepEqual([items.length, replicas.length], [1, 1]);
    assert.match(await done(['instances', 'nope', '-o', 'table']), /^no instance has asked /);
  });

  test('what Spring reads can be imported', async () => {
    const zookeeper = ['--zookeeper', up.ready.zookeeper];
    await fails(
      ['import', '--spring', '/nowhere', ...zookeeper],
      3,
      /there is no znode \/nowhere: --spring ROOT/,
    );
    await using zk = await connect({ connect: up.ready.zookeeper });
    const values = { 'spring/server/port': '8080', 'spring,prod/greeting': 'hello' };
    for (const [key, value] of Object.entries(values))
      await zk.create(`/config/${key}`, Buffer.from(value), { parents: true });
    await done(['import', '--spring', ...zookeeper, '--publish', '--yes']);
    // Who reads after what is imported sees it.
    const resolved = JSON.parse(await done(['get', 'spring', '--profile', 'prod', '-o', 'json']));
    assert.equal(resolved.values['server.port'].value, '8080');
    assert.equal(resolved.values.greeting.value, 'hello');
  });

  test('a secret is read by those who ask for it', async () => {
    await done(['set', 'vault', 'password', '--secret'], 'hunter2\n');
    const published = await config(['publish', 'vault', '--yes']);
    assert.equal(published.code, 0, published.stderr);
    const closed = await done(['get', 'vault', '-o', 'json']);
    assert.equal(JSON.parse(closed).values.password.type, 'secret');
    await fails(['get', 'vault', 'password'], 1, /--secrets shows its text/);
    assert.equal(await done(['get', 'vault', 'password', '--secrets']), 'hunter2\n');
    const tell = ['--', 'node', '-p', 'process.env.PASSWORD ?? "none"'];
    assert.equal(await done(['run', 'vault', ...tell]), 'none\n');
    assert.equal(await done(['run', 'vault', '--secrets', ...tell]), 'hunter2\n');

    // Straight on an ensemble, by who has its keys; no control plane is asked.
    const nobody = { MESHKEEPER_SERVER: 'http://127.0.0.1:1' };
    const direct = ['run', 'vault', '--zookeeper', up.ready.zookeeper];
    assert.equal(await done([...direct, ...tell], undefined, nobody), 'none\n');
    const keyFile = join(folder, 'keys');
    const keyed = [...direct, '--secrets', '--key-file', keyFile, '--no-cache'];
    assert.equal(await done([...keyed, ...tell], undefined, nobody), 'hunter2\n');
    const keys = { ...nobody, MESHKEEPER_CONFIG_KEYS: await readFile(keyFile, 'utf8') };
    assert.equal(await done([...direct, '--secrets', ...tell], undefined, keys), 'hunter2\n');
    await fails([...direct, '--secrets', ...tell], 2, /--key-file, or MESHKEEPER_CONFIG_KEYS/);
    await fails(['run', 'vault', '--key-file', keyFile, ...tell], 2, /is for --secrets with/);
    const everything = [
      published,
      { stdout: closed, stderr: up.stderr() },
      { stdout: up.stdout() },
    ];
    assert.ok(!JSON.stringify(everything).includes('hunter2'));
    const { rotated, current } = JSON.parse(await done(['secrets', 'rotate', '-o', 'json']));
    assert.ok(rotated === 0 && current > 0, 'there is one key');
  });

  test('an application links to what others let it, and says who may publish', async () => {
    await publish('lender', { url: 'x' });
    await publish('borrower', { a: '1' });
    await done(['settings', 'lender', '--public']);
    const linked = JSON.parse(
      await done(['settings', 'borrower', '--link', 'lender', '--four-eyes', '-o', 'json']),
    );
    assert.deepEqual(linked.links, [{ application: 'lender', namespace: 'default' }]);
    assert.equal(linked.fourEyes, true);
    await until(async () => (await config(['get', 'borrower', 'url'])).stdout === 'x\n');
    await done(['set', 'borrower', 'a=2']);
    await fails(['publish', 'borrower', '--yes'], 1, /edited/);
    await fails(['settings', 'borrower', '--unlink', 'lender/b'], 3, /not link to lender\/b/);
    await fails(['settings', 'borrower/prod', '--no-four-eyes'], 2, /write borrower$/m);
    await done(['settings', 'borrower', '--unlink', 'lender', '--no-four-eyes']);
    await done(['publish', 'borrower', '--yes']);
    const shown = await config(['settings', 'lender', '--no-public', '-o', 'table']);
    assert.match(shown.stdout, /^default .* no$/m);
    await until(async () => (await config(['get', 'borrower', 'url'])).code === 3);
  });

  test('what is scheduled is shown, and called off', async () => {
    await done(['set', 'later', 'a=1']);
    await done(['publish', 'later', '--at', '2h', '--yes', '-m', 'tonight']);
    const { items } = JSON.parse(await done(['schedule', 'later', '-o', 'json']));
    assert.equal(items[0].message, 'tonight');
    await done(['schedule', 'later', '--cancel', items[0].id]);
    assert.match(await done(['schedule', 'later', '-o', 'table']), /no releases to come/);
  });
});

describe('the client over HTTP', { concurrency: 2 }, () => {
  const schema = z.object({ port: z.number(), name: z.string().default('none') });
  const opened = (application: string, more: Partial<ConfigOptions> = {}) =>
    openConfig({ application, server: api, ...more, schema, defaults: {} });

  test('is told of a publish at once', async () => {
    await publish('live', { port: '1' });
    await using client = await opened('live');
    assert.deepEqual(client.current, { port: 1, name: 'none' });
    for (let port = 2; port < 15; port++) {
      const told = Promise.withResolvers<number>();
      using _ = client.onChange('port', (now) => told.resolve(now));
      await publish('live', { port: String(port) });
      assert.equal(await told.promise, port);
    }
    assert.equal(client.stale, false);
  });

  test('goes over to another control plane, and honours pushback', async () => {
    await publish('fleet', { port: '1' });
    await using front = await startFront(api);
    const server = ['http://127.0.0.1:9', front.url];
    await using client = await opened('fleet', { server });
    await publish('fleet', { port: '2' });
    await until(() => client.current.port === 2);
    front.pushBack(1);
    await until(() => client.stale, { timeout: 20_000 });
    assert.ok(client.status.state === 'stale' && /answer/.test(client.status.reason));
    assert.equal(client.current.port, 2);
    const [asked, since] = [front.asked(), performance.now()];
    await publish('fleet', { port: '3' });
    front.forward();
    await until(() => client.current.port === 3 && !client.stale, { timeout: 20_000 });
    // It may ask once in a second, and a few times when it has an answer.
    const most = 3 + (performance.now() - since) / 1_000;
    assert.ok(front.asked() - asked <= most, 'it was not asked again and again');
  });

  test('a refusal is said at once; nobody is waited for', async () => {
    await assert.rejects(
      openConfig({ application: 'no/name', server: api }),
      (error: Error & { code?: string }) => error.code === 'NOT_VALID',
    );
    const begin = openConfig({ application: 'x', server: 'http://127.0.0.1:9', timeout: 300 });
    await assert.rejects(begin, /can't be had: .*127\.0\.0\.1:9/);
    await using alone = await openConfig({
      ...{ application: 'x', server: 'http://127.0.0.1:9', timeout: 100, optional: true },
      defaults: { a: '1' },
    });
    assert.deepEqual([alone.current, alone.status.state], [{ a: '1' }, 'stale']);
  });
});

describe('config run', { concurrency: 2 }, () => {
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    start(['config', 'run', ...args], {
      env: { MESHKEEPER_SERVER: api, XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    });
  const LOOP = 'trap "echo told; exit 5" TERM; echo "port $PORT"; while :; do sleep 0.05; done';

  test('gives a command its environment, and its exit code back', async () => {
    await publish('once', { 'server.max-port': '1', path: '/nowhere', 'ld.preload': '/evil.so' });
    const script = 'echo "$SERVER_MAXPORT $LD_PRELOAD"; exit 7';
    const ended = await config(['run', 'once', '--', 'sh', '-c', script]);
    assert.deepEqual([ended.code, ended.stdout], [7, '1 \n']);
    assert.match(ended.stderr, /PATH: set in the environment already/);
    assert.match(ended.stderr, /ld\.preload is not given/);
    const prefixed = ['run', 'once', '--prefix', 'APP_', '--', 'sh', '-c', 'echo $APP_PATH'];
    assert.equal(await done(prefixed), '/nowhere\n');
    await fails(['run', 'once', '--', 'no-such-program'], 127, /no-such-program can't be run/);
    await fails(['run', 'unheard-of', '--', 'true'], 3, /nothing is published for unheard-of/);
    await publish('twice', { 'a.b': '1', a_b: '2' });
    await fails(['run', 'twice', '--', 'true'], 1, /is A_B in the environment, and so is/);
  });

  test('starts it again when something has changed, and passes signals on', async () => {
    await publish('again', { port: '1' });
    await using command = run(['again', '--quiet-period', '100ms', '--', 'sh', '-c', LOOP]);
    await command.printed(/port 1\n/);
    await publish('again', { port: '2' });
    await command.printed(/told\nport 2\n/);
    const { code, stdout } = await command.end('SIGTERM');
    assert.deepEqual([code, stdout], [5, 'port 1\ntold\nport 2\ntold\n']);
  });

  test('a command that crashes after a change is not started again and again', async () => {
    await publish('crash', { port: '1' });
    const script = '[ "$PORT" = 2 ] && exit 9; echo up; while :; do sleep 0.05; done';
    await using command = run(['crash', '--quiet-period', '50ms', '--', 'sh', '-c', script]);
    await command.printed(/up/);
    await publish('crash', { port: '2' });
    assert.equal((await command.ended()).code, 9);
  });

  test('writes files, tells by a signal, and keeps what was good', async () => {
    await publish('files', { port: '1', name: 'a' });
    const template = join(folder, 'app.conf.hbs');
    const out = join(folder, 'app.conf');
    await writeFile(template, 'listen {{port}}\nname {{name}}\n');
    await writeFile(out, 'old');
    await chmod(out, 0o640);
    const script = `trap 'cat ${out}' HUP; cat ${out}; while :; do sleep 0.05; done`;
    const args = ['--template', `${template}:${out}`, '--on-change', 'signal:HUP'];
    const quick = ['--quiet-period', '50ms', '--', 'sh', '-c', script];
    await using command = run(['files', ...args, ...quick]);
    await command.printed(/listen 1\nname a\n/);
    assert.equal((await stat(out)).mode & 0o777, 0o640);
    await publish('files', { port: '2' });
    await command.printed(/listen 2\nname a\n/);
    await done(['set', 'files', '--remove', 'name', '--publish', '--yes']);
    await until(() => /app\.conf\.hbs:2:8: there is no name/.test(command.stderr()));
    assert.equal(await readFile(out, 'utf8'), 'listen 2\nname a\n');
    assert.equal((await command.end('SIGTERM')).code, 143);
    const wrong = ['run', 'files', '--template', `${template}:${out}`, '--', 'true'];
    await fails(wrong, 1, /app\.conf\.hbs:2:8: there is no name/);
  });

  test('goes on with what was known last when the control plane is away', async () => {
    await publish('offline', { port: '1' });
    await using front = await startFront(api);
    const env = { MESHKEEPER_SERVER: front.url };
    await using command = run(['offline', '--', 'sh', '-c', LOOP], env);
    await command.printed(/port 1/);
    await front.end();
    await until(() => /what was known last goes on/.test(command.stderr()), { timeout: 20_000 });
    await using late = run(['offline', '--', 'sh', '-c', LOOP], env);
    await late.printed(/port 1/);
    assert.match(late.stderr(), /does not answer.*what was known last is used/);
    assert.equal((await command.end('SIGTERM')).code, 5);
    assert.equal((await late.end('SIGTERM')).code, 5);
  });

  test('config watch shows changes, writes files, runs a command', async () => {
    await publish('watched', { port: '1' });
    const env = { MESHKEEPER_SERVER: api, XDG_CACHE_HOME: join(folder, 'cache') };
    await using lines = start(['config', 'watch', 'watched', '-o', 'table'], { env });
    await lines.printed(/^\+ port: 1$/m);
    const out = join(folder, 'watched.yaml');
    const files = ['--file', `yaml:${out}`, '--quiet-period', '50ms'];
    const dry = await done(['watch', 'watched', ...files, '--once', '--dry']);
    assert.match(dry, /^\+port: "1"$/m);
    await assert.rejects(stat(out));
    const command = ['--', 'sh', '-c', 'echo "now $PORT"'];
    await using kept = start(['config', 'watch', 'watched', ...files, ...command], { env });
    await kept.printed(/now 1/);
    await publish('watched', { port: '2' });
    await kept.printed(/now 2/);
    assert.equal(await readFile(out, 'utf8'), 'port: "2"\n');
    await lines.printed(/^~ port: 1 -> 2$/m);
    assert.equal((await lines.end('SIGTERM')).code, 0);
    const once = ['watch', 'watched', '--once', '--', 'sh', '-c', 'exit 4'];
    assert.equal((await config(once)).code, 4);
  });
});

/** What stands before a control plane in production, and sometimes says no. */
async function startFront(target: string) {
  let pushing: number | undefined;
  let asked = 0;
  const server = createServer((incoming, outgoing) => {
    asked++;
    if (pushing !== undefined) {
      outgoing.writeHead(503, { 'retry-after': String(pushing) }).end();
      return;
    }
    const { method, headers, url } = incoming;
    const forwarded = request(`${target}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    /** Answers 503 from now on, also to those who wait. @param seconds of Retry-After */
    pushBack(seconds: number) {
      pushing = seconds;
      server.closeAllConnections();
    },
    forward() {
      pushing = undefined;
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}
