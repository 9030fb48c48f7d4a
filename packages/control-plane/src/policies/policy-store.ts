import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { validate } from '@meshkeeper/policy';
import {
  isZooKeeperError,
  type Logger,
  mayFollow,
  persistently,
  type ZooKeeper,
  ZooKeeperError,
} from '@meshkeeper/zookeeper';
import { changedMeanwhile, changedSince } from './conflicts.ts';
import { ordered } from './order.ts';
import { changesOf, type PolicyChange, type Wanted, writes } from './policy-change.ts';
import { PolicyFollower } from './policy-follower.ts';
import { PolicyHistory } from './policy-history.ts';
import { POLICIES, RECORDS, refId } from './policy-paths.ts';
import type { PolicyRecord } from './policy-record.ts';
import { conflictError, PolicyStoreError } from './policy-store-error.ts';
import { type PolicyList, PolicyReader, type PolicyTree } from './policy-tree.ts';
import { type Rollback, rollbackTo } from './rollback.ts';
import { MAX_FORGOTTEN, MAX_POLICY, operations, type Said, split } from './transaction.ts';
import { within } from './within.ts';

/** What the store of policies takes. */
export interface PolicyStoreOptions {
  readonly zk: ZooKeeper;
  readonly logger: Logger;
  /** What the policies were when they were read last: told first, and for what can't be read now. */
  readonly known?: PolicyList | undefined;
  /** `known` is to be told before anything is read. Default false: it is only for what can't be. */
  readonly restored?: boolean;
  /** Set to false to do without recursive watches, as with servers before 3.6. */
  readonly recursive?: boolean;
  /** Records that are kept. Default 100. */
  readonly keep?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Who applies something, and why. */
export interface Author {
  /** Who is known to do it. */
  readonly by?: string | undefined;
  /** Who they say they are. */
  readonly label?: string | undefined;
  readonly reason?: string | undefined;
  /** Refuses to change what somebody else has changed after this revision. */
  readonly ifRevision?: number | undefined;
}

/** What an apply has done, or would do. */
export interface Applied {
  /** Of the policies then. */
  readonly revision: number;
  /** In the order in which they were wanted. */
  readonly changes: readonly PolicyChange[];
  /** All policies before it. */
  readonly before: PolicyList;
}

/** Which records. */
export interface Page {
  /** Only those from before this revision. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Tries of a compare-and-set before giving up. */
const TRIES = 16;
/** After the nth try that others won, so many milliseconds more are paused, at most: by chance. */
const PAUSE = 5;

/**
 * What operators have applied, in ZooKeeper under `/meshkeeper/policies`. Each transaction changes the
 * root, too: it is the revision of all policies, and the one place at which writers meet.
 */
export class PolicyStore {
  readonly #options: PolicyStoreOptions;
  readonly #zk: ZooKeeper;
  readonly #reader: PolicyReader;
  readonly #follower: PolicyFollower;
  readonly #history: PolicyHistory;
  /** The applies of this process follow each other: only those of others can be in the way. */
  #writing = Promise.resolve();

  constructor(options: PolicyStoreOptions) {
    this.#options = options;
    const { zk, known, recursive } = options;
    this.#zk = zk;
    this.#reader = new PolicyReader(known?.policies);
    this.#follower = new PolicyFollower({ zk, reader: this.#reader, recursive });
    this.#history = new PolicyHistory(zk);
  }

  /**
   * All policies there are, and all there are after each change, also when some were missed. Never
   * what is half written: either all of a transaction or nothing. Ends when the signal aborts; once.
   */
  async *changes(signal: AbortSignal): AsyncGenerator<PolicyList> {
    try {
      yield* this.#follow(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async *#follow(signal: AbortSignal): AsyncGenerator<PolicyList> {
    const { known, restored, logger } = this.#options;
    let told = restored ? known : undefined;
    if (told !== undefined) yield told;
    for await (const read of this.#follower.trees(signal)) {
      const tree = await this.#learn(read, signal);
      if (tree.barred) {
        logger.warn({ path: POLICIES }, 'policies can not be read: the ACL does not allow it');
        if (told === undefined) continue;
      }
      if (isDeepStrictEqual(tree.list, told)) continue;
      told = tree.list;
      yield told;
    }
  }

  /** What an apply would do. */
  async plan(wanted: Wanted, author: Author, signal: AbortSignal): Promise<Applied> {
    const tree = await this.#follower.latest(signal);
    return this.#planned(tree, wanted, author, signal);
  }

  /**
   * Makes the policies what is wanted, and records it. One transaction where it fits into one, several
   * in an order in which no reference ever dangles otherwise.
   * @param backTo the revision that this makes the policies what they were at
   * @throws PolicyStoreError CONFLICT, TOO_LARGE, BUSY
   */
  async apply(
    wanted: Wanted,
    author: Author,
    signal: AbortSignal,
    backTo?: number,
  ): Promise<Applied> {
    const first = await this.plan(wanted, author, signal);
    const { now = Date.now } = this.#options;
    const said: Said = {
      apply: randomUUID(),
      at: now(),
      ...(author.by !== undefined && { by: author.by }),
      ...(author.label !== undefined && { label: author.label }),
      ...(author.reason !== undefined && { reason: author.reason }),
      ...(backTo !== undefined && { rollbackTo: backTo }),
    };
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const others = this.#writing;
    this.#writing = done;
    try {
      await within(others, signal);
      return { ...first, revision: await this.#make(wanted, first, said, signal) };
    } finally {
      resolve();
    }
  }

  /**
   * What it takes so that the policies are what they were at a revision.
   * @throws PolicyStoreError NOT_RECORDED, NOT_VALID
   */
  async rollback(revision: number, signal: AbortSignal): Promise<Rollback> {
    return rollbackTo(revision, await this.#follower.latest(signal), this.#history, signal);
  }

  /** What was applied, by whom and when, the newest first. */
  async history({ before = Number.POSITIVE_INFINITY, limit }: Page, signal: AbortSignal) {
    const all = await this.#history.revisions(signal);
    const revisions = all.filter((revision) => revision < before).slice(0, limit);
    return this.#history.all(revisions, signal);
  }

  /** One record; undefined when there is none of that revision. */
  record(revision: number, signal: AbortSignal): Promise<PolicyRecord | undefined> {
    return this.#history.one(revision, signal);
  }

  /** Makes all of it, and gives the revision of the policies then. */
  async #make(wanted: Wanted, first: Applied, said: Said, signal: AbortSignal): Promise<number> {
    let applied: number | undefined;
    for (let part = 1, tries = 1; ; ) {
      let tree = await this.#follower.latest(signal);
      if (tree.root === undefined) tree = await this.#found(signal);
      const changes = changesOf(tree, wanted);
      const conflicts = await changedMeanwhile(this.#history, first.changes, changes, signal);
      if (conflicts.length > 0) throw conflictError(conflicts, applied);
      const [transaction, ...rest] = this.#split(changes, tree);
      if (transaction === undefined) return applied ?? tree.list.revision;
      const several = part > 1 || rest.length > 0;
      const told = { ...said, ...(several && { part }) };
      const made = await this.#write(transaction, tree, told, signal);
      if (made !== undefined) {
        if (rest.length === 0) return made;
        applied = made;
        part++;
        tries = 1;
      } else if (tries++ === TRIES) {
        const message = 'others go on changing policies: apply again';
        throw new PolicyStoreError('BUSY', message, { applied });
      } else await setTimeout(Math.random() * PAUSE * tries, undefined, { signal });
    }
  }

  /** Where a policy can't be used and nobody knows what it was before, the records do. */
  async #learn(tree: PolicyTree, signal: AbortSignal): Promise<PolicyTree> {
    const lost = new Set<string>();
    for (const [id, { fault, stored }] of tree.entries)
      if (fault !== undefined && stored === undefined) lost.add(id);
    if (lost.size === 0) return tree;
    for await (const record of this.#history.read(await this.#history.revisions(signal), signal))
      for (const { after, ...ref } of record.changes) {
        if (!lost.delete(refId(ref)) || after === undefined) continue;
        const { policy } = validate(ref.kind, after);
        const { revision, at, by } = record;
        if (policy !== undefined)
          this.#reader.learn({ policy, revision, at, ...(by !== undefined && { by }) });
      }
    return this.#follower.again(tree);
  }

  /** Makes the places where policies and records are kept. */
  async #found(signal: AbortSignal): Promise<PolicyTree> {
    for (const path of [POLICIES, RECORDS])
      try {
        const create = () => this.#zk.create(path, '', { parents: true, signal });
        await persistently(this.#zk, create, signal);
      } catch (error) {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      }
    return this.#follower.latest(signal);
  }

  async #planned(
    tree: PolicyTree,
    wanted: Wanted,
    { ifRevision }: Author,
    signal: AbortSignal,
  ): Promise<Applied> {
    if (tree.barred) throw new ZooKeeperError('NO_AUTH', { operation: 'policies', path: POLICIES });
    const changes = changesOf(tree, wanted);
    this.#split(changes, tree);
    if (ifRevision !== undefined) {
      const conflicts = await changedSince(this.#history, ifRevision, changes, signal);
      if (conflicts.length > 0) throw conflictError(conflicts);
    }
    return { revision: tree.list.revision, changes, before: tree.list };
  }

  #split(changes: readonly PolicyChange[], { list }: PolicyTree) {
    const before = list.policies.map(({ policy }) => policy);
    const { transactions, tooLarge } = split(
      () => ordered(changes.filter(writes), before),
      changes,
    );
    if (tooLarge === undefined) return transactions;
    const [first, ...others] = tooLarge.policies;
    const all = others.length === 0 ? first : `${first} and ${others.length} more`;
    throw new PolicyStoreError(
      'TOO_LARGE',
      tooLarge.together
        ? `${all} have to be changed together, and are too much for one transaction: first apply what is new, then take away what is old`
        : `${all} ${others.length === 0 ? 'is' : 'are'} too large: a policy may take ${MAX_POLICY} bytes; make several of it`,
    );
  }

  /**
   * Makes a transaction, and gives its revision; undefined when others were first.
   * @throws ZooKeeperError when nothing can be written
   */
  async #write(
    changes: readonly PolicyChange[],
    tree: PolicyTree,
    said: Said,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { keep = 100 } = this.#options;
    const records = await this.#history.revisions(signal);
    const revision = Math.max(tree.list.revision, records[0] ?? 0) + 1;
    const forgotten = records.slice(keep - 1).slice(-MAX_FORGOTTEN);
    try {
      await this.#zk.multi(operations(changes, tree, said, revision, forgotten), { signal });
      return revision;
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (LOST_RACE.has(error.code)) return undefined;
      if (!mayFollow(this.#zk, error)) throw error;
      // The answer was lost: the record tells whether it was done, behind a sync also on an ensemble.
      await persistently(this.#zk, () => this.#zk.sync(RECORDS, { signal }), signal);
      const record = await this.#history.one(revision, signal);
      return record?.apply === said.apply ? revision : undefined;
    }
  }
}

/** What a transaction fails with when somebody else was first. */
const LOST_RACE: ReadonlySet<string> = new Set(['BAD_VERSION', 'NODE_EXISTS', 'NO_NODE']);
