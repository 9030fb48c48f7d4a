import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateMode,
  isZooKeeperError,
  joinPath,
  type Logger,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { type AuditEntry, parseEntries } from './audit-entry.ts';

/** Where the log is kept: a znode for what was done at about the same time, numbered. */
export const AUDIT_LOG = '/meshkeeper/audit/log';

/** What a log takes. */
export interface AuditLogOptions {
  readonly zk: ZooKeeper;
  readonly logger: Logger;
  /** Znodes that are kept, the newest. Default 2,000. */
  readonly keep?: number;
}

/** Entries that one znode holds, at most. */
const BATCH = 100;
/** Entries that wait for ZooKeeper, at most. */
const WAITING = 10_000;
/** Znodes that this replica writes between two looks at how many there are. */
const PRUNE_EVERY = 50;
/** Until another try, in milliseconds. */
const RETRY = 1_000;
/** How long an end waits for what is not written yet, in milliseconds. */
const CLOSE = 2_000;

/**
 * Who has done what over the API, in ZooKeeper: the same for all replicas, and bounded. An answer
 * does not wait for its entry, which is written as soon as ZooKeeper takes it.
 */
export class AuditLog implements AsyncDisposable {
  readonly #options: AuditLogOptions;
  readonly #stop = new AbortController();
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #written = 0;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  /** Takes an entry. */
  append(entry: AuditEntry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length > WAITING) {
      this.#waiting = this.#waiting.slice(-WAITING);
      this.#options.logger.warn({}, 'the audit is not whole: ZooKeeper is away for too long');
    }
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /**
   * The newest first.
   * @param before where the last page ended
   */
  async list(
    { before, limit }: { readonly before?: string | undefined; readonly limit: number },
    signal: AbortSignal,
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly next?: string }> {
    const { zk } = this.#options;
    const [, node = undefined, index = '0'] = /^(\d{10})\.(\d{1,4})$/.exec(before ?? '') ?? [];
    await zk.sync(AUDIT_LOG, { signal });
    const nodes = (await this.#nodes(signal)).filter((each) => node === undefined || each <= node);
    const entries: AuditEntry[] = [];
    const seen = new Set<string>();
    for (const each of nodes.toReversed()) {
      const all = await this.#entries(each, signal);
      const end = each === node ? Number(index) : all.length;
      for (let i = Math.min(end, all.length) - 1; i >= 0; i--) {
        const entry = all[i]!;
        // One whose answer was lost was written again.
        if (seen.has(entry.id)) continue;
        seen.add(entry.id);
        entries.push(entry);
        if (entries.length === limit) return { entries, next: `${each}.${i}` };
      }
    }
    return { entries };
  }

  async close(): Promise<void> {
    const late = setTimeout(() => this.#stop.abort(), CLOSE);
    await this.#writing;
    clearTimeout(late);
    this.#stop.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(): Promise<void> {
    const { zk, logger } = this.#options;
    const { signal } = this.#stop;
    while (this.#waiting.length > 0 && !signal.aborted) {
      const batch = this.#waiting.slice(0, BATCH);
      try {
        await zk.create(`${AUDIT_LOG}/`, JSON.stringify(batch), {
          mode: CreateMode.PERSISTENT_SEQUENTIAL,
          parents: true,
          signal,
        });
        this.#waiting = this.#waiting.filter((entry) => !batch.includes(entry));
        if (++this.#written % PRUNE_EVERY === 1) await this.#prune(signal);
      } catch (err) {
        if (signal.aborted) return;
        logger.debug({ err }, 'the audit is written later');
        await pause(RETRY, undefined, { signal }).catch(() => {}); // it ends
      }
    }
  }

  async #prune(signal: AbortSignal): Promise<void> {
    const { zk, keep = 2_000 } = this.#options;
    const nodes = await this.#nodes(signal);
    for (const each of nodes.slice(0, Math.max(0, nodes.length - keep)))
      await zk.delete(joinPath(AUDIT_LOG, each), { signal }).catch((error: unknown) => {
        if (!isZooKeeperError(error, 'NO_NODE')) throw error; // another replica was first
      });
  }

  async #nodes(signal: AbortSignal): Promise<readonly string[]> {
    try {
      const { children } = await this.#options.zk.children(AUDIT_LOG, { signal });
      return children.filter((name) => /^\d{10}$/.test(name)).toSorted();
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return [];
      throw error;
    }
  }

  async #entries(node: string, signal: AbortSignal): Promise<readonly AuditEntry[]> {
    try {
      return parseEntries((await this.#options.zk.get(joinPath(AUDIT_LOG, node), { signal })).data);
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return []; // pruned meanwhile
      throw error;
    }
  }
}
