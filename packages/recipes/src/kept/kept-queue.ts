import { setTimeout as pause } from 'node:timers/promises';
import { isZooKeeperError, joinPath, parentOf, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Fencing } from '../lease/fencing.ts';
import { withSignal } from '../lease/with-signal.ts';
import { behind, inOrder, nameOf, waitForTurn } from '../mutex/turn.ts';
import { RecipeError } from '../recipe-error.ts';
import { acrossSessions } from '../znode/across-sessions.ts';
import type { Kept, KeptKey } from './kept-record.ts';
import { type KeptStore, newLeaseId } from './kept-store.ts';

/** What is before the numbers of a queue's znodes: as Curator's mutex and latch have it. */
const MARKERS = { lock: 'lock-', election: 'latch-' } as const;

/** What can be queued for. */
export type QueueKind = keyof typeof MARKERS;

/** What a holder asks for. */
export interface QueueRequest {
  readonly kind: QueueKind;
  /** The znode that holders and waiters stand under. */
  readonly path: string;
  readonly holder: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** What the znode in the queue says of the holder. */
  readonly data: string;
  /** Set to false to have it at once, or not at all. Default true. */
  readonly wait?: boolean;
}

/** A lease that was granted. */
export interface Granted {
  /** As it was written to grant it. */
  readonly kept: Kept;
  /** Granted by this request. Otherwise the holder had it, and may have been told of it before. */
  readonly fresh: boolean;
  /** The znode in the queue. */
  readonly path: string;
  readonly fencing: Fencing;
  /** Until when it lasts if it is not kept alive, by this process's `performance.now()`. */
  readonly until: number;
}

/** What became of a request. */
export type Grant =
  | { readonly type: 'granted'; readonly granted: Granted }
  /** Somebody stands before this holder, who would not wait. */
  | { readonly type: 'busy' }
  /** Another request of the same holder goes on with the wait. */
  | { readonly type: 'superseded' };

/** How often a waiter's lease is written, as a part of its time to live. */
const OFTEN = 3;
/** Before a write is tried again after ZooKeeper has refused it, in milliseconds. */
const RETRY = 250;

/** What `KeptQueue` takes. */
export interface KeptQueueOptions {
  /** As of `RecipeOptions`. */
  readonly generation?: bigint;
}

/**
 * Holders who have no session in the queues of locks and elections: one queue with Curator's, kazoo's
 * and our own, who have one. A holder's znode is persistent; it stands and falls with a lease.
 */
export class KeptQueue {
  readonly #zk: ZooKeeper;
  readonly #store: KeptStore;
  readonly #generation: bigint;

  constructor(zk: ZooKeeper, store: KeptStore, { generation = 0n }: KeptQueueOptions = {}) {
    this.#zk = zk;
    this.#store = store;
    this.#generation = generation;
  }

  /**
   * Waits until it is this holder's turn, and keeps its place meanwhile. Who has the lease, or waits for
   * it at another replica, goes on with that. When the signal aborts, what this request has in the
   * queue is taken out of it, in the background.
   * @throws the signal's reason; ZooKeeperError
   */
  async acquire(request: QueueRequest, signal: AbortSignal): Promise<Grant> {
    for (;;) {
      const place = await this.#place(request, signal);
      if (place === undefined) return { type: 'busy' };
      const outcome = await place.wait(signal, request.wait === false);
      if (outcome.type !== 'lost') return outcome;
    }
  }

  /** What a holder's lease says when it is held; undefined when he only waits for it. */
  granted(kept: Kept, until: number, fresh: boolean): Granted | undefined {
    const { record } = kept;
    const [node] = record.nodes;
    if (record.state !== 'held' || node === undefined) return undefined;
    return { kept, fresh, until, path: node.path, fencing: this.fencing(kept) };
  }

  /** What a holder shows to the resource: its znode was created with the record. */
  fencing({ stat }: Kept): Fencing {
    return { generation: this.#generation, czxid: stat.czxid };
  }

  /** This holder's place in the queue, new or as it is; undefined for who would not wait there. */
  async #place(request: QueueRequest, signal: AbortSignal): Promise<Place | undefined> {
    const key = keyOf(request);
    for (let newest = false; ; newest = true) {
      signal.throwIfAborted();
      const at = performance.now();
      const found = newest
        ? await this.#store.findNewest(key, signal)
        : await this.#store.find(key, signal);
      if (found === undefined) {
        // Asked again and again in vain, a queue has no znodes come and go.
        if (request.wait === false && !(await this.#isEmpty(request, signal))) return undefined;
        const made = await this.#create(request, signal);
        if (made !== undefined) return this.#standing(made, at);
      } else {
        // From now on it is this request's to end.
        const written = await this.#store.write(found, {}, signal);
        if (written.type === 'written') return this.#standing(written.kept, at);
      }
    }
  }

  async #isEmpty({ kind, path }: QueueRequest, signal: AbortSignal): Promise<boolean> {
    try {
      const list = () => this.#zk.children(path, { signal });
      const { children } = await acrossSessions(this.#zk, list, signal);
      return inOrder(children, MARKERS[kind]).length === 0;
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return true;
      throw error;
    }
  }

  async #create(request: QueueRequest, signal: AbortSignal): Promise<Kept | undefined> {
    const { kind, path, ttl, data } = request;
    const id = newLeaseId();
    const node = { path: joinPath(path, `_c_${id}-${MARKERS[kind]}`), data, sequential: true };
    const creating = this.#store
      .create({ ...keyOf(request), id, ttl, state: 'waiting', nodes: [node] })
      .then((made) => (made.type === 'created' ? made.kept : undefined));
    try {
      return await withSignal(creating, signal);
    } catch (error) {
      creating.then((made) => made && this.#store.end(made)).catch(() => {});
      throw error;
    }
  }

  #standing(kept: Kept, at: number): Place {
    return new Place({
      zk: this.#zk,
      store: this.#store,
      kept,
      at,
      grant: this.granted.bind(this),
    });
  }
}

function keyOf({ kind, path, holder }: QueueRequest): KeptKey {
  return { kind, subject: path, holder };
}

/** What a place in a queue is made of. */
interface PlaceOptions {
  readonly zk: ZooKeeper;
  readonly store: KeptStore;
  /** As this request has created or written it. */
  readonly kept: Kept;
  /** Before that was asked for, by `performance.now()`. */
  readonly at: number;
  readonly grant: (kept: Kept, until: number, fresh: boolean) => Granted | undefined;
}

/** What a wait in a queue comes to. */
type Outcome =
  | Grant
  /** It has expired, or somebody has deleted it: it has to begin anew. */
  | { readonly type: 'lost' };

/** A place in a queue that is kept by writing its lease again and again. */
class Place {
  readonly #options: PlaceOptions;
  #kept: Kept;
  #at: number;

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#kept = options.kept;
    this.#at = options.at;
  }

  /**
   * Waits until it is first.
   * @param impatient leaves if it isn't first at once
   * @throws the signal's reason
   */
  async wait(signal: AbortSignal, impatient: boolean): Promise<Outcome> {
    try {
      const held = this.#granted(false);
      if (held !== undefined) return held;
      const missed = await this.#first(signal, impatient);
      if (missed?.type === 'busy') this.#leave();
      if (missed !== undefined) return missed;
      // It is granted by a write: who has expired meanwhile is told so by it.
      return (await this.#write(signal, 'held')) ?? this.#granted(true) ?? { type: 'lost' };
    } catch (error) {
      this.#leave();
      throw signal.aborted ? signal.reason : error;
    }
  }

  #granted(fresh: boolean): Outcome | undefined {
    const { ttl } = this.#kept.record;
    const granted = this.#options.grant(this.#kept, this.#at + ttl, fresh);
    return granted && { type: 'granted', granted };
  }

  /** Undefined when it is first in the queue. */
  async #first(signal: AbortSignal, impatient: boolean): Promise<Outcome | undefined> {
    const end = new AbortController();
    const over = AbortSignal.any([signal, end.signal]);
    const keeping = this.#keep(over, signal);
    try {
      return await Promise.race([this.#turn(over, impatient), keeping]);
    } finally {
      end.abort();
      // One write at a time: the next one is of the version that this one leaves.
      await keeping.catch(() => {});
    }
  }

  async #turn(signal: AbortSignal, impatient: boolean): Promise<Outcome | undefined> {
    const { zk, store } = this.#options;
    const { record, stat } = await store.named(this.#kept, signal);
    const [node] = record.nodes;
    if (node === undefined) return { type: 'lost' };
    const own = { path: node.path, stat };
    const parent = parentOf(own.path);
    const marker = MARKERS[record.kind as QueueKind]; // of a record that a queue has written
    try {
      if (impatient) {
        const { children } = await zk.children(parent, { signal });
        return behind(marker, 1)(children, nameOf(own)) === undefined
          ? undefined
          : { type: 'busy' };
      }
      const wait = () => waitForTurn(zk, parent, own, marker, 1, signal);
      await acrossSessions(zk, wait, signal);
      return undefined;
    } catch (error) {
      // What is left of it is found by the next write.
      if (error instanceof RecipeError && error.code === 'LOST') return undefined;
      throw error;
    }
  }

  /**
   * Keeps the place; what it says otherwise ends the wait.
   * @param over no further write
   */
  async #keep(over: AbortSignal, signal: AbortSignal): Promise<Outcome> {
    for (;;) {
      await pause(this.#kept.record.ttl / OFTEN, undefined, { signal: over });
      try {
        const missed = await this.#write(signal);
        if (missed !== undefined) return missed;
      } catch {
        await pause(RETRY, undefined, { signal: over });
      }
    }
  }

  /** Undefined when it was written. */
  async #write(signal: AbortSignal, state?: 'held'): Promise<Outcome | undefined> {
    const at = performance.now();
    // What was sent can't be taken back: its outcome is needed to leave, whoever has gone.
    const writing = this.#options.store.write(this.#kept, state && { state }).then((outcome) => {
      if (outcome.type === 'written') {
        this.#kept = outcome.kept;
        this.#at = at;
        if (signal.aborted) this.#leave();
      }
      return outcome;
    });
    const { type } = await withSignal(writing, signal);
    if (type === 'changed') return { type: 'superseded' };
    return type === 'gone' ? { type: 'lost' } : undefined;
  }

  /** Takes it out of the queue, unless somebody else goes on with it. */
  #leave(): void {
    void this.#options.store.end(this.#kept).catch(() => {});
  }
}
