import { setTimeout as pause } from 'node:timers/promises';
import {
  formatFencing,
  type Grant,
  type Kept,
  type KeptLeases,
  type Meant,
  QUEUE_FOLDERS,
  type QueueKind,
  queuePath,
} from '@meshkeeper/recipes';
import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type QueueView, queueView } from './queue-view.ts';

/** A request for a lock, or to stand in an election. */
export interface QueueRequest {
  readonly name: string;
  readonly holder: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** How long to wait for it, in milliseconds; 0: have it at once, or not at all. */
  readonly wait: number;
  /** What others see of the holder beside its name. */
  readonly data?: string | undefined;
}

/** A lease as its holder is told of it. */
export interface LeaseView {
  readonly name: string;
  readonly path: string;
  readonly holder: string;
  readonly fencing: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds from when this was said that it lasts unless it is kept alive. */
  readonly expiresIn: number;
}

/** What became of a request. */
export type Asked =
  | {
      readonly type: 'granted';
      readonly lease: LeaseView;
      /** The holder never got the answer: takes the lease back, unless he has heard of it otherwise. */
      withdraw(): void;
    }
  | { readonly type: 'busy' | 'superseded' };

/** What became of a keep-alive. */
export type KeptAlive =
  | { readonly type: 'kept'; readonly lease: LeaseView }
  | { readonly type: 'waiting' | 'gone' };

/** Between two looks at a server that has no recursive watches, in milliseconds. */
const POLL = 2_000;
/** Changes that come within this many milliseconds are shown as one. */
const GATHERED = 20;

/** Locks, or elections, whose holders need no session: they live by keep-alive at any replica. */
export class Queues {
  readonly kind: QueueKind;
  readonly #zk: ZooKeeper;
  readonly #leases: KeptLeases;

  constructor(kind: QueueKind, zk: ZooKeeper, leases: KeptLeases) {
    this.kind = kind;
    this.#zk = zk;
    this.#leases = leases;
  }

  /**
   * Waits for a lease.
   * @param gone aborts when nobody is there any more to be given it
   * @param patience milliseconds that ZooKeeper may take for what does not wait
   * @throws ZooKeeperError INVALID_ARGUMENT for a name that can't be; TimeoutError when ZooKeeper does
   *   not answer in time
   */
  async acquire(request: QueueRequest, gone: AbortSignal, patience: number): Promise<Asked> {
    const { name, holder, ttl, wait, data = holder } = request;
    const path = queuePath(this.kind, name);
    const over = AbortSignal.timeout(Math.ceil(wait > 0 ? wait : patience));
    let outcome: Grant;
    try {
      outcome = await this.#leases.queue.acquire(
        { kind: this.kind, path, holder, ttl, data, wait: wait > 0 },
        AbortSignal.any([gone, over]),
      );
    } catch (error) {
      // It has waited as long as it wanted to; else it is ZooKeeper that has made it wait.
      const waited = wait > 0 && over.aborted && this.#zk.state.type === 'connected';
      if (!waited || gone.aborted) throw error;
      return { type: 'busy' };
    }
    if (outcome.type !== 'granted') return outcome;
    const { granted } = outcome;
    return {
      type: 'granted',
      lease: this.#view(name, granted.kept, granted.until),
      withdraw: () => void this.#leases.withdraw(granted).catch(() => {}),
    };
  }

  /** Keeps a holder's lease alive. */
  async keepAlive(
    name: string,
    holder: string,
    signal: AbortSignal,
    fencing?: readonly string[],
  ): Promise<KeptAlive> {
    const at = performance.now();
    const key = { kind: this.kind, subject: queuePath(this.kind, name), holder };
    const outcome = await this.#leases.keepAlive(key, signal, this.#meant(fencing));
    if (outcome.type !== 'kept') return outcome;
    const { kept } = outcome;
    return { type: 'kept', lease: this.#view(name, kept, at + kept.record.ttl) };
  }

  /** Ends a holder's lease. False when there was none, or another than is meant. */
  end(
    name: string,
    holder: string,
    signal: AbortSignal,
    fencing?: readonly string[],
  ): Promise<boolean> {
    const key = { kind: this.kind, subject: queuePath(this.kind, name), holder };
    return this.#leases.end(key, signal, this.#meant(fencing));
  }

  /** @throws ZooKeeperError INVALID_ARGUMENT for a name that can't be */
  view(name: string, signal: AbortSignal): Promise<QueueView> {
    const path = queuePath(this.kind, name);
    return queueView(this.#zk, this.#leases, { kind: this.kind, path }, signal);
  }

  /** All that have a name, and those elsewhere that somebody has asked for by HTTP; the free ones not. */
  async list(signal: AbortSignal): Promise<QueueView[]> {
    const paths = new Set<string>();
    const folder = QUEUE_FOLDERS[this.kind];
    try {
      const { children } = await this.#zk.children(folder, { signal });
      for (const child of children) paths.add(joinPath(folder, child));
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
    }
    for (const { record } of this.#leases.follower.leases)
      if (record.kind === this.kind) paths.add(record.subject);
    const views = await Promise.all(
      Array.from(paths, (path) =>
        queueView(this.#zk, this.#leases, { kind: this.kind, path }, signal),
      ),
    );
    return views
      .filter(({ holders, waiters }) => holders.length + waiters.length > 0)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One of them, now and whenever it has changed. */
  watch(name: string, signal: AbortSignal): AsyncGenerator<QueueView> {
    const path = queuePath(this.kind, name);
    return this.#changes(path, signal, () => this.view(name, signal));
  }

  /** The list, now and whenever it has changed. */
  watchList(signal: AbortSignal): AsyncGenerator<QueueView[]> {
    return this.#changes(QUEUE_FOLDERS[this.kind], signal, () => this.list(signal));
  }

  async *#changes<T extends QueueView | readonly QueueView[]>(
    path: string,
    signal: AbortSignal,
    read: () => Promise<T>,
  ): AsyncGenerator<T> {
    let changed = Promise.withResolvers<void>();
    const ring = () => changed.resolve();
    signal.addEventListener('abort', ring, { once: true });
    const stop = this.#leases.follower.onChange(ring);
    const unlisten = this.#zk.onState(ring);
    const watch = await this.#zk.addWatch(path, {
      ...{ recursive: true, poll: POLL, listener: ring, signal },
    });
    try {
      for (let shown: string | undefined; !signal.aborted; ) {
        changed = Promise.withResolvers<void>();
        let view: T | undefined;
        try {
          view = await read();
        } catch {
          // ZooKeeper is away: it is looked again when it is back.
        }
        // How long leases last yet changes all the time.
        const text = JSON.stringify(view, (key, value) =>
          key === 'expiresIn' ? undefined : value,
        );
        if (view !== undefined && text !== shown) yield view;
        shown = text ?? shown;
        await changed.promise;
        await pause(GATHERED, undefined, { signal }).catch(() => {});
      }
    } finally {
      stop();
      unlisten();
      signal.removeEventListener('abort', ring);
      void watch.close().catch(() => {});
    }
  }

  #meant(fencing: readonly string[] | undefined): Meant | undefined {
    return fencing && ((kept) => fencing.includes(this.#fencing(kept)));
  }

  #fencing(kept: Kept): string {
    return formatFencing(this.#leases.queue.fencing(kept));
  }

  #view(name: string, kept: Kept, until: number): LeaseView {
    const { subject, holder, ttl } = kept.record;
    return {
      ...{ name, path: subject, holder, ttl },
      fencing: this.#fencing(kept),
      expiresIn: Math.max(0, Math.floor(until - performance.now())),
    };
  }
}
