import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OPEN_ACL } from '@meshkeeper/jute';
import { State } from '../../src/engine/state.ts';
import { StateImage } from '../../src/engine/state-image.ts';
import { FileStorage } from '../../src/storage/file-storage.ts';
import type { Change, Txn } from '../../src/tree/txn.ts';

let scratch: string;
before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'zookeeper-storage-'));
});
after(() => rm(scratch, { recursive: true, force: true }));

const create = (path: string, parentCversion = 1): Change => ({
  type: 'create',
  path,
  data: Buffer.from(`data of ${path}`),
  acl: OPEN_ACL,
  owner: 0n,
  parentCversion,
});

/** Applies a change as a server would, and gives the transaction to store. */
function make(state: State, change: Change): Txn {
  const txn = state.txn(change, 7n, 1_000);
  state.apply(txn);
  return txn;
}

async function logOf(dir: string): Promise<string> {
  const logs = (await readdir(dir)).filter((name) => name.startsWith('log.')).sort();
  return join(dir, logs.at(-1)!);
}

async function recovered(dir: string): Promise<State> {
  const state = new State(1_000);
  const storage = new FileStorage(dir);
  await storage.recover(state);
  await storage.close();
  return state;
}

/** Five batches: one, two, three, … znodes; gives the log's length after each. */
async function fill(dir: string): Promise<{ lengths: number[]; zxids: bigint[] }> {
  const state = new State(1_000);
  const storage = new FileStorage(dir);
  await storage.recover(state);
  const lengths = [];
  const zxids = [];
  for (let batch = 1; batch <= 5; batch++) {
    const txns = Array.from({ length: batch }, (_, i) => make(state, create(`/n${batch}-${i}`)));
    await storage.append(txns);
    lengths.push((await readFile(await logOf(dir))).length);
    zxids.push(state.lastZxid);
  }
  // As a crash leaves it: without what an orderly close adds.
  const log = await logOf(dir);
  const bytes = await readFile(log);
  await storage.close();
  await writeFile(log, bytes);
  return { lengths, zxids };
}

describe('a log that a crash cut off', () => {
  test('gives, for every length of its tail, all whole batches before, and goes on', async () => {
    const dir = join(scratch, 'truncated');
    const { lengths, zxids } = await fill(dir);
    const log = await logOf(dir);
    const whole = await readFile(log);
    for (let length = lengths[3]! - 100; length < lengths[4]!; length++) {
      const copy = join(scratch, 'truncated-copy');
      await rm(copy, { recursive: true, force: true });
      await cp(dir, copy, { recursive: true });
      await truncate(await logOf(copy), length);
      const state = new State(1_000);
      const storage = new FileStorage(copy);
      await storage.recover(state);
      const sure = length >= lengths[3]! ? zxids[3]! : zxids[2]!;
      assert.ok(state.lastZxid >= sure, `${state.lastZxid} after ${length} bytes`);
      assert.equal(state.tree.size, 4 + Number(state.lastZxid));
      if (length % 5 > 0) {
        await storage.close();
        continue;
      }
      await storage.append([make(state, create('/after'))]);
      await storage.close();
      const again = await recovered(copy);
      assert.equal(again.lastZxid, state.lastZxid);
      assert.ok(again.tree.node('/after'));
    }
    assert.equal((await readFile(log)).length, whole.length);
  });

  test('that never got its first bytes is begun anew', async () => {
    const dir = join(scratch, 'empty-log');
    await fill(dir);
    for (const length of [8, 3, 0]) {
      await truncate(await logOf(dir), length);
      assert.equal((await recovered(dir)).lastZxid, 0n);
    }
  });
});

describe('a damaged log', () => {
  test('with a bit flipped before what was synced later is refused with file and offset', async () => {
    const dir = join(scratch, 'flipped');
    const { lengths } = await fill(dir);
    const log = await logOf(dir);
    const whole = await readFile(log);
    for (let at = 8; at < lengths[3]!; at += 3) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ (1 << (at % 8));
      await writeFile(log, bytes);
      await assert.rejects(recovered(dir), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'data-corrupt');
        const offset = Number(/at byte (\d+)/.exec(error.message)?.[1]);
        assert.ok(offset <= at && error.message.includes(log), error.message);
        return true;
      });
    }
  });

  test('with its last batch damaged after a clean close is refused, too', async () => {
    const dir = join(scratch, 'marked');
    const state = new State(1_000);
    const storage = new FileStorage(dir);
    await storage.recover(state);
    await storage.append([make(state, create('/a'))]);
    await storage.close();
    const log = await logOf(dir);
    const bytes = await readFile(log);
    bytes[40] = bytes[40]! ^ 1;
    await writeFile(log, bytes);
    await assert.rejects(recovered(dir), { code: 'data-corrupt' });
  });

  test('with a file missing in between is refused', async () => {
    const dir = join(scratch, 'gap');
    const state = new State(1_000);
    const storage = new FileStorage(dir, { logBytes: 1 });
    await storage.recover(state);
    for (const path of ['/a', '/b', '/c']) await storage.append([make(state, create(path))]);
    await storage.close();
    assert.equal((await recovered(dir)).lastZxid, 3n);
    await rm(join(dir, 'log.0000000000000002'));
    await assert.rejects(recovered(dir), { code: 'data-corrupt' });
  });
});

describe('a snapshot', () => {
  async function withSnapshots(dir: string, rounds: number): Promise<State> {
    const state = new State(1_000);
    const storage = new FileStorage(dir, { logBytes: 1 });
    await storage.recover(state);
    const password = Buffer.alloc(16, 1);
    await storage.append([make(state, { type: 'createSession', timeout: 4_000, password })]);
    for (let round = 0; round < rounds; round++) {
      await storage.append([make(state, create(`/r${round}`))]);
      await storage.snapshot(new StateImage(state));
    }
    await storage.append([make(state, create('/last'))]);
    await storage.close();
    return state;
  }

  test('and the log behind it give the state back; three are kept', async () => {
    const dir = join(scratch, 'snapshots');
    const state = await withSnapshots(dir, 6);
    const names = await readdir(dir);
    assert.equal(names.filter((name) => name.startsWith('snapshot.')).length, 3);
    assert.ok(names.filter((name) => name.startsWith('log.')).length <= 5, names.join());
    const again = await recovered(dir);
    assert.deepEqual([...again.tree.entries()].sort(), [...state.tree.entries()].sort());
    assert.deepEqual([...again.sessions], [...state.sessions]);
    assert.equal(again.lastZxid, state.lastZxid);
  });

  test('that is damaged gives way to the one before it', async () => {
    const dir = join(scratch, 'damaged-snapshot');
    const state = await withSnapshots(dir, 4);
    const newest = (await readdir(dir))
      .filter((name) => name.startsWith('snapshot.'))
      .sort()
      .at(-1)!;
    const bytes = await readFile(join(dir, newest));
    for (const at of [0, 12, bytes.length - 3]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = damaged[at]! ^ 4;
      await writeFile(join(dir, newest), damaged);
      assert.equal((await recovered(dir)).lastZxid, state.lastZxid);
    }
    await writeFile(join(dir, newest), bytes.subarray(0, -8));
    assert.equal((await recovered(dir)).tree.size, state.tree.size);
  });

  test('shows one moment although the state changes while it is read', () => {
    const state = new State(1_000);
    for (let i = 0; i < 100; i++) make(state, create(`/n${i}`));
    const before = new Map([...state.tree.entries()].map(([path, node]) => [path, node.copy()]));
    const image = new StateImage(state);
    const seen = new Map();
    for (let i = 0; ; i++) {
      const nodes = image.next(7);
      if (nodes.length === 0) break;
      for (const [path, node] of nodes) seen.set(path, { ...node });
      make(state, { type: 'delete', path: `/n${i}` });
      make(state, { type: 'delete', path: `/n${99 - i}` });
      make(state, create(`/n${i}`));
      make(state, create(`/new${i}`));
      make(state, { type: 'setData', path: '/n50', data: Buffer.from(`${i}`), version: i + 1 });
    }
    assert.deepEqual([...seen.keys()].sort(), [...before.keys()].sort());
    for (const [path, node] of before) {
      assert.equal(seen.get(path).czxid, node.czxid, path);
      assert.equal(seen.get(path).mzxid, node.mzxid, path);
      assert.equal(seen.get(path).pzxid, node.pzxid, path);
      assert.deepEqual(seen.get(path).data, node.data, path);
    }
  });
});

describe('the lock', () => {
  test('keeps a second server out, and a dead one does not', async () => {
    const dir = join(scratch, 'locked');
    const first = new FileStorage(dir);
    await first.recover(new State(1_000));
    await assert.rejects(new FileStorage(dir).recover(new State(1_000)), {
      code: 'data-locked',
      message: new RegExp(`process ${process.pid}`),
    });
    await first.close();
    // No process has this id: the kernel's highest is 2^22.
    await writeFile(join(dir, 'server.lock'), '99999999 1');
    await recovered(dir);
    await writeFile(join(dir, 'server.lock'), '');
    await recovered(dir);
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.includes('lock')),
      [],
    );
  });
});
