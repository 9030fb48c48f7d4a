import { setTimeout as pause } from 'node:timers/promises';
import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AnswerRecord, parseRecord } from './answer-record.ts';

/** Where it is kept what was answered: a znode a key. */
export const ANSWERS = '/meshkeeper/idempotency';

/** What a request's key says: do it, or what was answered; the same key was used for something else. */
export type Claim =
  | { readonly type: 'claimed' }
  | { readonly type: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly type: 'other-request' }
  /** It is under way for long: who did it may have ended in the middle. */
  | { readonly type: 'unknown' };

/** An answer that takes more bytes is not kept: only that there was one. */
const MAX_BODY = 256 * 1024;
/** Answers are kept for so long, in milliseconds, and so many. */
const KEEP = 24 * 3_600_000;
const MANY = 10_000;
/** Keys that are claimed between two looks for old ones, and how many are looked at: of all, half are old at most. */
const PRUNE_EVERY = 100;
const LOOKED_AT = 200;
/** Between two looks at a request that another replica does, in milliseconds, and how long. */
const POLL = 50;
const PATIENCE = 10_000;

/** What was answered to requests that came with a key, for all replicas. */
export class AnswerStore {
  readonly #zk: ZooKeeper;
  readonly #now: () => number;
  #claims = 0;
  #pruning: Promise<void> | undefined;

  constructor(zk: ZooKeeper, now: () => number = Date.now) {
    this.#zk = zk;
    this.#now = now;
  }

  /**
   * Claims a key for a request: of all replicas that try, one does it.
   * @param key and `request` are digests
   */
  async claim(key: string, request: string, signal: AbortSignal): Promise<Claim> {
    const path = joinPath(ANSWERS, key);
    const record: AnswerRecord = { state: 'running', request, at: this.#now() };
    const late = performance.now() + PATIENCE;
    for (;;) {
      try {
        await this.#zk.create(path, JSON.stringify(record), { parents: true, signal });
        if (++this.#claims % PRUNE_EVERY === 0) this.#pruned();
        return { type: 'claimed' };
      } catch (error) {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      }
      const found = await this.#read(path, signal);
      if (found === 'gone') continue; // it was refused meanwhile
      if (found === undefined) return { type: 'unknown' };
      if (found.request !== request) return { type: 'other-request' };
      if (found.state === 'done')
        return { type: 'answered', status: found.status, body: found.body };
      if (performance.now() > late) return { type: 'unknown' };
      await pause(POLL, undefined, { signal });
    }
  }

  /** Keeps what was answered. */
  async done(
    key: string,
    answered: { readonly request: string; readonly status: number; readonly body: unknown },
    signal: AbortSignal,
  ): Promise<void> {
    const { request, status, body } = answered;
    const large = JSON.stringify(body ?? null).length > MAX_BODY;
    const record: AnswerRecord = {
      ...{ state: 'done', request, at: this.#now(), status },
      ...(!large && { body }),
    };
    await this.#zk.set(joinPath(ANSWERS, key), JSON.stringify(record), { signal });
  }

  /** Nothing was done: the key may be used again. */
  async release(key: string, signal: AbortSignal): Promise<void> {
    await this.#delete(joinPath(ANSWERS, key), signal);
  }

  async #read(path: string, signal: AbortSignal): Promise<AnswerRecord | undefined | 'gone'> {
    try {
      return parseRecord((await this.#zk.get(path, { signal })).data);
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return 'gone';
      throw error;
    }
  }

  /** Beside: whoever has claimed a key does not wait for it, and what is left over is found another time. */
  #pruned(): void {
    this.#pruning ??= this.#prune(AbortSignal.timeout(PATIENCE))
      .catch(() => {})
      .finally(() => {
        this.#pruning = undefined;
      });
  }

  /** Looks at some, which are others each time: in time at all. */
  async #prune(signal: AbortSignal): Promise<void> {
    const { children } = await this.#zk.children(ANSWERS, { signal });
    const from = Math.floor(Math.random() * children.length);
    const some = [...children.slice(from), ...children.slice(0, from)].slice(0, LOOKED_AT);
    const oldest = this.#now() - (children.length > MANY ? KEEP / 24 : KEEP);
    for (const name of some) {
      const path = joinPath(ANSWERS, name);
      const stat = await this.#zk.exists(path, { signal });
      if (stat !== null && stat.mtime < oldest) await this.#delete(path, signal);
    }
  }

  async #delete(path: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#zk.delete(path, { signal });
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
  }
}
