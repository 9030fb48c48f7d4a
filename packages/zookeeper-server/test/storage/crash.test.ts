import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type MultiPart, OPEN_ACL } from '@meshkeeper/jute';
import { RawClient } from '../raw-client.ts';

const ROUNDS = 20;
const WRITERS = 64;
const program = join(import.meta.dirname, 'server-process.ts');

let dir: string;
let child: ChildProcess | undefined;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'zookeeper-crash-'));
});
after(async () => {
  child?.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

async function start(): Promise<number> {
  const args = ['--conditions=source', program, join(dir, 'data'), '0', '1000'];
  child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Most of a start is compiling the same sources again.
    env: { ...process.env, NODE_COMPILE_CACHE: join(dir, 'compiled') },
  });
  const [line] = await once(child.stdout!, 'data');
  return Number(String(line));
}

async function kill(): Promise<void> {
  const exited = once(child!, 'exit');
  child!.kill('SIGKILL');
  await exited;
}

/** What one writer knows to be durable, and what it may have asked for in vain. */
interface Ledger {
  readonly path: string;
  /** Last acknowledged value of the counter, and the one that was on its way. */
  counter: number;
  /** Multis acknowledged, and one more that may be. */
  pairs: number;
  zxid: bigint;
}

const create = (path: string): MultiPart => ({
  op: 'create',
  request: { path, data: null, acl: OPEN_ACL, flags: 0 },
});

/** Writes until the connection breaks: a versioned counter, and pairs of znodes in one multi. */
async function write(client: RawClient, ledger: Ledger, counted: () => void): Promise<void> {
  for (;;) {
    const next = ledger.counter + 1;
    const data = Buffer.from(String(next));
    const set = await client.send('setData', { path: ledger.path, data, version: ledger.counter });
    assert.equal(set.err, 0, 'the version must be the one that was acknowledged last');
    assert.ok(set.zxid > ledger.zxid, 'zxids go up');
    ledger.counter = next;
    ledger.zxid = set.zxid;
    counted();
    if (next % 4 !== 0) continue;
    const pair = `${ledger.path}/p${ledger.pairs + 1}`;
    const multi = await client.send('multi', [create(`${pair}-a`), create(`${pair}-b`)]);
    assert.equal(multi.response?.[1]?.op, 'create');
    ledger.pairs++;
    ledger.zxid = multi.zxid;
  }
}

/** Sees that nothing acknowledged is missing and nothing is there by half; catches the ledger up. */
async function check(client: RawClient, ledger: Ledger): Promise<void> {
  const { data, stat } = await client.call('getData', { path: ledger.path, watch: false });
  const counter = Number(data?.toString() || 0);
  assert.ok(
    counter === ledger.counter || counter === ledger.counter + 1,
    `${counter} is not ${ledger.counter} or the next`,
  );
  assert.equal(stat.version, counter);
  const { children } = await client.call('getChildren', { path: ledger.path, watch: false });
  const pairs = children.filter((name) => name.endsWith('-a')).length;
  assert.ok(
    pairs === ledger.pairs || pairs === ledger.pairs + 1,
    `${pairs} is not ${ledger.pairs} or the next`,
  );
  for (let i = 1; i <= pairs; i++)
    for (const half of ['a', 'b'])
      assert.ok(children.includes(`p${i}-${half}`), `half of pair ${i}`);
  assert.equal(children.length, 2 * pairs);
  ledger.counter = counter;
  ledger.pairs = pairs;
}

test(`${ROUNDS} times kill -9 under ${WRITERS} writers lose nothing that was acknowledged`, async (t) => {
  const ledgers: Ledger[] = Array.from({ length: WRITERS }, (_, i) => {
    return { path: `/w${i}`, counter: 0, pairs: 0, zxid: 0n };
  });
  let port = await start();
  const setUp = await RawClient.connect(port);
  await Promise.all(ledgers.map(({ path }) => setUp.create(path)));
  await setUp.close();
  for (let round = 0; round < ROUNDS; round++) {
    const clients = await Promise.all(
      ledgers.map(() => RawClient.connect(port, { timeout: 30_000 })),
    );
    // Every round ends at another point between two snapshots.
    let left = 800 + 211 * (round % 7);
    const enough = Promise.withResolvers<void>();
    const counted = () => {
      left--;
      if (left === 0) enough.resolve();
    };
    const broken = clients.map((client, i) =>
      write(client, ledgers[i]!, counted).catch((error: Error) => {
        if (error.message !== 'connection closed') throw error;
      }),
    );
    await Promise.race([enough.promise, Promise.all(broken)]);
    await kill();
    await Promise.all(broken);
    port = await start();
    const checker = await RawClient.connect(port);
    await Promise.all(ledgers.map((ledger) => check(checker, ledger)));
    await checker.close();
    // A session of before the crash goes on after it.
    const { sessionId, password } = clients[0]!.session;
    const resumed = await RawClient.connect(port, { sessionId, password });
    assert.equal(resumed.session.sessionId, sessionId);
    await resumed.close();
  }
  const writes = ledgers.reduce((sum, { counter, pairs }) => sum + counter + pairs, 0);
  t.diagnostic(`${writes} acknowledged writes`);
});
