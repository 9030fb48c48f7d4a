import type { ServiceChange } from '@meshkeeper/mesh';
import type { Judged, XdsObserver } from '@meshkeeper/xds';

/** Changes that are waited for at most, and how long, in milliseconds. */
const KEPT = 1_000;
const WAITED = 60_000;

interface Pending {
  readonly name: string;
  /** When ZooKeeper committed it, by our clock; undefined where that isn't known. */
  readonly committedAt: number | undefined;
  readonly publishedAt: number;
  readonly revision: number;
  /** Streams that have acknowledged it. */
  readonly acked: Set<number>;
}

/** How long a change took to a data plane that wanted it, in seconds. */
export interface Took {
  /** From its commit in ZooKeeper to the acknowledgement; undefined where the commit isn't known. */
  readonly propagation: number | undefined;
  /** From when it was served. */
  readonly push: number;
}

/**
 * Measures the way of each change to each data plane that wants it. One that subscribes to the
 * resource only later, or connects later, did not wait for it.
 */
export class Propagation {
  /** The oldest first; and by service, of one that changed several times each. */
  readonly #pending: Pending[] = [];
  readonly #byName = new Map<string, Pending[]>();
  /** What each stream has applied; -1: nothing. */
  readonly #applied = new Map<number, number>();
  /** To be told, besides {@link acked}, what the xDS server does. */
  readonly observer: XdsObserver = {
    connected: ({ stream }) => void this.#applied.set(stream, -1),
    applied: ({ proxy, revision }) => void this.#applied.set(proxy.stream, revision),
    disconnected: ({ stream }) => void this.#applied.delete(stream),
  };

  /**
   * Changes that are just handed to the data planes.
   * @param commits when each was committed, in the order of `changes`
   * @param now milliseconds since the epoch
   */
  published(
    changes: readonly ServiceChange[],
    commits: readonly (number | undefined)[],
    revision: number,
    now: number,
  ): void {
    for (const [i, { name }] of changes.entries()) {
      const times = { committedAt: commits[i], publishedAt: now };
      const pending = { name, ...times, revision, acked: new Set<number>() };
      this.#pending.push(pending);
      const of = this.#byName.get(name);
      if (of === undefined) this.#byName.set(name, [pending]);
      else of.push(pending);
    }
    // Whoever has not acknowledged it by then is not measured.
    let old = Math.max(0, this.#pending.length - KEPT);
    while (now - (this.#pending[old]?.publishedAt ?? now) > WAITED) old++;
    for (const pending of this.#pending.splice(0, old)) this.#forget(pending);
  }

  /** How long each change took that the acknowledged response has brought. */
  acked({ names, sentAt, proxy }: Judged, ackedAt: number): Took[] {
    const applied = this.#applied.get(proxy.stream) ?? -1;
    return names.flatMap((name) =>
      this.#of(name).flatMap((pending) => {
        const { committedAt, publishedAt, revision, acked } = pending;
        // A response from before the change says nothing of it.
        if (sentAt < publishedAt || proxy.connectedSince > publishedAt) return [];
        // It had all that it wanted of that revision: it asks for this only now.
        if (applied >= revision || acked.has(proxy.stream)) return [];
        acked.add(proxy.stream);
        if (acked.size >= this.#applied.size) this.#forget(pending);
        const since = (at: number) => Math.max(0, ackedAt - at) / 1000;
        const propagation = committedAt === undefined ? undefined : since(committedAt);
        return [{ propagation, push: since(publishedAt) }];
      }),
    );
  }

  /** The changes of a service, or of the service of which a subset has that name. */
  #of(name: string): readonly Pending[] {
    const own = this.#byName.get(name) ?? this.#byName.get(name.slice(0, name.lastIndexOf('/')));
    return own === undefined ? [] : [...own];
  }

  #forget(pending: Pending): void {
    pending.acked.clear();
    const of = this.#byName.get(pending.name);
    const at = of?.indexOf(pending) ?? -1;
    if (of === undefined || at < 0) return;
    if (of.length === 1) this.#byName.delete(pending.name);
    else of.splice(at, 1);
  }
}
