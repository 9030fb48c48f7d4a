import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFaultProxy, tempDir, until } from '@meshkeeper/testbed';
import { connect, type ZooKeeper } from '@meshkeeper/zookeeper';
import { startZooKeeperServer, type ZooKeeperServer } from '@meshkeeper/zookeeper-server';
import { meshkeeper } from './support/command.ts';
import { startTerminal } from './support/terminal.ts';

const ENTER = '\r';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const UP = '\u001b[A';

let server: ZooKeeperServer;
let zk: ZooKeeper;
let state: string;
const stack = new AsyncDisposableStack();
before(async () => {
  server = stack.use(await startZooKeeperServer({ port: 0, tickTime: 200 }));
  zk = stack.use(await connect({ connect: server.connect }));
  state = stack.use(await tempDir()).path;
});
after(() => stack.disposeAsync());

const open = (where = server.connect, env: Readonly<Record<string, string>> = {}) =>
  startTerminal(['meshkeeper', 'zk', 'shell', '--zookeeper', where], {
    env: { XDG_STATE_HOME: state, ...env },
  });

describe('at a terminal', () => {
  test('completes, quotes, goes on over lines, and moves about', async () => {
    await using shell = open();
    await shell.shows(/\/> $/);
    shell.type(`create /talk 'one\r`);
    await shell.shows(/… $/);
    shell.type(`two'\r`);
    await shell.shows(/^\/talk$/m);
    assert.equal((await zk.get('/talk')).data.toString(), 'one\ntwo');
    shell.type(`create "/talk/with space" x\r`);
    await shell.shows(/^\/talk\/with space$/m);
    shell.type('c');
    shell.type('d');
    shell.type(' /ta');
    shell.type('\t');
    await shell.shows(/cd \/talk/);
    shell.type(ENTER);
    await shell.shows(/\/talk> $/);
    shell.type('get wi');
    shell.type('\t');
    await shell.shows(/get 'with space'/);
    shell.type(ENTER);
    await shell.shows(/^x\n/m);
    shell.type('cd ..\r');
    await shell.shows(/\d\/> $/);
    shell.type('pwd\r');
    await shell.shows(/^\/\n/m);
    shell.type('help stat\r');
    await shell.shows(/^Usage: stat \[options\] <path>$/m);
    shell.type('stta /\r');
    await shell.shows(/unknown command 'stta'[\s\S]*Did you mean stat/);
    shell.type('get /nope\r');
    await shell.shows(/\/nope: the znode does not exist/);
    shell.type(CTRL_D);
    assert.equal(await shell.ended(), 0);
  });

  test('remembers what was typed, but no credentials', async () => {
    {
      await using shell = open();
      await shell.shows(/> $/);
      shell.type('addauth digest ops:secret\r');
      await shell.shows(/> $/);
      shell.type('acl /nope digest:ops:hash:r\r');
      await shell.shows(/does not exist[\s\S]*> $/);
      shell.type('stat /talk\r');
      await shell.shows(/dataLength[\s\S]*> $/);
      shell.type(CTRL_D);
      await shell.ended();
    }
    const file = join(state, 'meshkeeper', 'zk_history');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, 'utf8'), /^stat \/talk$/m);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /ops/);
    await using again = open();
    await again.shows(/> $/);
    again.type(UP);
    await again.shows(/stat \/talk/);
    again.type(CTRL_C);
    await again.shows(/> $/);
    again.type('exit\r');
    assert.equal(await again.ended(), 0);
  });

  test('Ctrl-C ends what runs, and forgets what was typed; the editor has the terminal', async () => {
    const editor = join(state, 'editor.sh');
    writeFileSync(editor, '#!/bin/sh\nprintf edited > "$1"\n', { mode: 0o755 });
    await using shell = open(server.connect, { EDITOR: editor, VISUAL: '' });
    await shell.shows(/> $/);
    shell.type('watch /\r');
    await shell.shows(/watching \//);
    await zk.create('/seen');
    await shell.shows(/created \/seen/);
    shell.type(CTRL_C);
    await shell.shows(/interrupted[\s\S]*> $/);
    shell.type('deleteall /talk\r');
    await shell.shows(/\/talk\n[\s\S]*Delete \/talk and everything below it\? \[y\/N\] $/);
    shell.type('n\r');
    await shell.shows(/nothing was changed[\s\S]*> $/);
    assert.notEqual(await zk.exists('/talk'), null);
    shell.type('edit /seen\r');
    await shell.shows(/\/seen has version 1 now[\s\S]*> $/);
    assert.equal((await zk.get('/seen')).data.toString(), 'edited');
    shell.type('deleteall /');
    shell.type(CTRL_C);
    await shell.shows(/> $/);
    shell.type('pwd\r');
    await shell.shows(/^\/\n/m);
    shell.type('exit\r');
    assert.equal(await shell.ended(), 0);
  });

  test('says when the connection goes away, and when it is back', async () => {
    await using proxy = await startFaultProxy({
      target: { host: '127.0.0.1', port: Number(server.connect.split(':')[1]) },
    });
    await using shell = open(proxy.connect);
    await shell.shows(/> $/);
    proxy.refuse();
    proxy.cut();
    await shell.shows(/the connection is away: trying again/);
    shell.type('ls /\r');
    await shell.shows(/ls \/\n/);
    shell.type(CTRL_C);
    await shell.shows(/interrupted[\s\S]*> $/);
    await proxy.accept();
    // What was ended says nothing when it is answered at last.
    await shell.shows(/connected again, to \S+\n\S+> $/);
    shell.type('ls /\r');
    await shell.shows(/^zookeeper$/m);
    shell.type(CTRL_D);
    assert.equal(await shell.ended(), 0, shell.raw());
  });
});

describe('fed from a file', () => {
  const run = (input: string) =>
    meshkeeper(['zk', 'shell', '--zookeeper', server.connect], { input });

  test('it ends at the first line that fails, and names it', async () => {
    const { code, stdout, stderr } = await run(
      "create /fed 'a\nb'\n# a comment\n\nget /fed # another\nget /nope\ncreate /never\n",
    );
    assert.deepEqual([code, stdout], [3, '/fed\na\nb\n']);
    assert.match(stderr, /^line 6: .*\/nope/);
    assert.equal(await zk.exists('/never'), null);
  });

  test('what is wrongly written is exit 2, and nothing is destroyed without a yes', async () => {
    const wrong = await run('\nls --nope\n');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^line 2: error: unknown option '--nope'/);
    assert.equal((await run("set /fed 'x\n")).code, 2);
    const unasked = await run('deleteall /fed\n');
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /nobody can be asked here: say --yes/);
    assert.equal((await run('deleteall /fed --yes\n')).code, 0);
    await until(async () => (await zk.exists('/fed')) === null);
  });
});
