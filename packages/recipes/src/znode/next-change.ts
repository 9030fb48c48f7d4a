import type { SessionState, Watcher, ZooKeeper } from '@meshkeeper/zookeeper';

/** What a change is waited for: of a znode itself, or of the list of its children. */
export type ChangeKind = 'data' | 'child';

/**
 * Waits that end with the next event of one watcher. A wait that is given up leaves nothing behind,
 * and its watch serves the next one: asking for the same lock in vain, again and again, must not
 * pile up watches.
 */
export class NextChange {
  /** To be left by every read that a wait follows: the same function, so that it is left once. */
  readonly watcher: Watcher;
  readonly #zk: ZooKeeper;
  readonly #waiting = new Set<() => void>();
  #happened = false;

  constructor(zk: ZooKeeper, forget: () => void) {
    this.#zk = zk;
    this.watcher = () => {
      this.#happened = true;
      forget();
      for (const wake of this.#waiting) wake();
    };
  }

  /**
   * Ends also with the client, whose watches tell nothing when it is closed: the next read tells why.
   * @throws the signal's reason
   */
  async happens(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#happened || isOver(this.#zk.state)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal?.reason);
    const stop = this.#zk.onState((state) => isOver(state) && resolve());
    this.#waiting.add(resolve);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      stop();
      this.#waiting.delete(resolve);
      signal?.removeEventListener('abort', abort);
    }
  }
}

function isOver({ type }: SessionState): boolean {
  return type === 'closed' || type === 'auth-failed';
}

/** The changes that are waited for now; they end with their clients. */
const awaited = new WeakMap<ZooKeeper, Map<string, NextChange>>();

/** The next change of a znode, shared by all who wait for it with the same client. */
export function nextChange(zk: ZooKeeper, kind: ChangeKind, path: string): NextChange {
  const changes = awaited.get(zk) ?? new Map<string, NextChange>();
  awaited.set(zk, changes);
  const key = `${kind} ${path}`;
  const known = changes.get(key);
  if (known !== undefined) return known;
  const change = new NextChange(zk, () => changes.delete(key));
  changes.set(key, change);
  return change;
}

/** Nobody was told of it after all: the read that should have left the watch failed for good. */
export function forgetChange(zk: ZooKeeper, kind: ChangeKind, path: string): void {
  awaited.get(zk)?.delete(`${kind} ${path}`);
}
