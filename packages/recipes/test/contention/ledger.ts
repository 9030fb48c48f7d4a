import type { Contention } from '@meshkeeper/testbed';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';

/**
 * A znode in which whoever holds a lock is written, by compare-and-set: `<inside> <entries> <last>`.
 * `inside` is the sum of the present holders' shares, `entries` counts all that ever came, `last` is
 * the czxid of the newest holder's znode among those who held it alone. Contenders in every language
 * write it in the same way: `Ledger.java`, `ledger.py`.
 */
export class Ledger {
  /** What an empty ledger says. */
  static readonly EMPTY = '0 0 0';
  readonly #zk: ZooKeeper;
  readonly #path: string;
  readonly #capacity: number;
  #overlaps = 0;
  #stale = 0;
  #most = 0;

  /** @param capacity what the shares of all holders together must not exceed */
  constructor(zk: ZooKeeper, path: string, capacity: number) {
    this.#zk = zk;
    this.#path = path;
    this.#capacity = capacity;
  }

  /** What this contender saw. */
  get seen(): Contention {
    return { overlaps: this.#overlaps, stale: this.#stale, most: this.#most };
  }

  /** Writes a new holder in. One with the whole capacity is alone, and newer than those before it. */
  async enter(share: number, czxid: bigint): Promise<void> {
    const alone = share === this.#capacity;
    const { inside, last } = await this.#change(alone, (entry) => ({
      inside: entry.inside + share,
      entries: entry.entries + 1,
      last: alone ? czxid : entry.last,
    }));
    if (inside + share > this.#capacity) this.#overlaps++;
    if (last >= czxid) this.#stale++;
    this.#most = Math.max(this.#most, inside + share);
  }

  /** Stays inside for some reads, so that those come who may be there at the same time. */
  async linger(): Promise<void> {
    for (let i = 0; i < 10; i++) await this.#zk.get(this.#path);
  }

  /** Writes it out again. */
  async leave(share: number): Promise<void> {
    const alone = share === this.#capacity;
    await this.#change(alone, (entry) => ({ ...entry, inside: entry.inside - share }));
  }

  /** Resolves with what was there before. Nobody else writes while one is alone. */
  async #change(alone: boolean, next: (entry: Entry) => Entry): Promise<Entry> {
    for (;;) {
      const { data, stat } = await this.#zk.get(this.#path);
      const entry = parseEntry(data);
      const { inside, entries, last } = next(entry);
      try {
        await this.#zk.set(this.#path, `${inside} ${entries} ${last}`, { version: stat.version });
        return entry;
      } catch (error) {
        if (!isZooKeeperError(error, 'BAD_VERSION')) throw error;
        if (alone) this.#overlaps++;
      }
    }
  }
}

/** What a ledger says. */
export interface Entry {
  readonly inside: number;
  readonly entries: number;
  readonly last: bigint;
}

/** Reads a ledger's data. */
export function parseEntry(data: Buffer): Entry {
  const [inside, entries, last] = data.toString().split(' ');
  return { inside: Number(inside), entries: Number(entries), last: BigInt(last!) };
}
