import assert from 'node:assert/strict';
import { type Contention, type ContestKind, until } from '@meshkeeper/testbed';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Fencing } from '../../src/index.ts';
import { runScript } from '../kazoo/kazoo.ts';
import type { Stage } from '../stage.ts';
import { Ledger, parseEntry } from './ledger.ts';

/** How often each contender has the lock. */
const ROUNDS = process.env.MESHKEEPER_SOAK === '1' ? 1667 : 25;

/** How many of each language contend, all at once. */
export interface Contenders {
  readonly ours: number;
  readonly curator: number;
  readonly kazoo: number;
}

/** Holds the lock with a share of its capacity, by a znode with that czxid. */
export type Hold = (share: number, czxid: bigint) => Promise<void>;

/** The lock, held with its whole capacity. */
export interface Gate extends AsyncDisposable {
  readonly fencing: Fencing;
}

/** One kind of lock, for which contenders in several languages queue. */
export interface Contest {
  readonly kind: ContestKind;
  readonly contenders: Contenders;
  /** What the shares of all holders together must not exceed. */
  readonly capacity: number;
  /** How many holders there must have been at some time, at least. Default: one is alone. */
  readonly together?: number;
  /** Where the waiters' znodes are. Default: at the path itself. */
  readonly queue?: (path: string) => string;
  /** Has the lock once, as ours. */
  round(zk: ZooKeeper, path: string, round: number, hold: Hold): Promise<void>;
  /** Takes all of it, so that everybody queues before the first is let in. */
  gate(zk: ZooKeeper, path: string): Promise<Gate>;
}

/** How many acquisitions a contest has. */
export function acquisitions({ contenders: { ours, curator, kazoo } }: Contest): number {
  return (ours + curator + kazoo) * ROUNDS;
}

/**
 * Lets all contend, and looks at what they saw: never more holders than there may be, each newer than
 * the last one who was alone, no acquisition lost, nothing left behind.
 */
export async function holdContest(on: Stage, contest: Contest): Promise<void> {
  const { kind, contenders, capacity, together = 1 } = contest;
  const path = on.path();
  const ledger = on.path();
  const queue = contest.queue?.(path) ?? path;
  await on.zk.create(ledger, Ledger.EMPTY, { parents: true });
  const closed = new Ledger(on.zk, ledger, capacity);
  const gate = await contest.gate(on.zk, path);
  await closed.enter(capacity, gate.fencing.czxid);
  const before = (await on.names(queue)).length;
  const terms = { kind, path, ledger, capacity, rounds: ROUNDS };
  const all = [
    ...times(contenders.ours, (i) => contend(i % 2 ? on.other : on.zk, contest, path, ledger)),
    ...times(contenders.curator, (i) => on.curator.locks.contend({ ...terms, name: `${i}` })),
    ...times(contenders.kazoo, () => kazoo(on.connect, terms)),
  ];
  const results = Promise.all(all);
  const queued = until(async () => (await on.names(queue)).length === before + all.length, {
    message: 'all contenders are in the queue',
  });
  await Promise.race([queued, results]);
  await queued;
  await closed.leave(capacity);
  await gate[Symbol.asyncDispose]();
  const seen = await results;
  for (const { overlaps, stale } of seen)
    assert.deepEqual({ overlaps, stale }, { overlaps: 0, stale: 0 });
  await on.zk.sync(ledger);
  const { data } = await on.zk.get(ledger);
  const { inside, entries } = parseEntry(data);
  assert.deepEqual({ inside, entries }, { inside: 0, entries: 1 + acquisitions(contest) });
  const most = Math.max(...seen.map((one) => one.most));
  assert.ok(most >= together, `${most} holders at a time`);
  await until(async () => (await on.names(queue)).length === 0);
}

/** What the contenders of the other languages do too: see `Contender.java` and `contender.py`. */
async function contend(
  zk: ZooKeeper,
  { round, capacity }: Contest,
  path: string,
  at: string,
): Promise<Contention> {
  const ledger = new Ledger(zk, at, capacity);
  for (let i = 0; i < ROUNDS; i++)
    await round(zk, path, i, async (share, czxid) => {
      await ledger.enter(share, czxid);
      if (share < capacity) await ledger.linger();
      await ledger.leave(share);
    });
  return ledger.seen;
}

async function kazoo(
  connect: string,
  terms: { kind: string; path: string; ledger: string; capacity: number; rounds: number },
): Promise<Contention> {
  const { kind, path, ledger, capacity, rounds } = terms;
  const args = [connect, kind, path, ledger, String(capacity), String(rounds)];
  const { stdout, stderr } = await runScript('contender', args, 3_600_000);
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout); // Written by contender.py.
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
