import type { ServiceChange } from '@meshkeeper/mesh';
import type { Judged } from '@meshkeeper/xds';

interface Pending {
  /** When ZooKeeper committed the change: milliseconds since the epoch, by its clock. */
  readonly committedAt: number;
  readonly publishedAt: number;
  /** Streams that have acknowledged it. */
  readonly acked: Set<number | string>;
}

/**
 * Measures the way of a change from ZooKeeper's commit to each data plane's acknowledgement. A
 * removal leaves no time of commit behind: it counts from when it was seen.
 */
export class Propagation {
  readonly #pending = new Map<string, Pending>();

  /** Changes that were just handed to the data planes. `now`: milliseconds since the epoch. */
  published(changes: readonly ServiceChange[], now: number): void {
    for (const change of changes) {
      const committedAt = change.type === 'removed' ? now : Math.min(now, newest(change) ?? now);
      this.#pending.set(change.name, { committedAt, publishedAt: now, acked: new Set() });
    }
  }

  /** How long each change in an acknowledged response took, in seconds. */
  acked({ names, sentAt, proxy }: Judged, ackedAt: number): number[] {
    return names.flatMap((name) => {
      const pending = this.#pending.get(name);
      // A proxy that came later, or a response from before the change, says nothing of it.
      if (pending === undefined || sentAt < pending.publishedAt) return [];
      if (proxy.connectedSince > pending.publishedAt || pending.acked.has(proxy.stream)) return [];
      pending.acked.add(proxy.stream);
      return [Math.max(0, ackedAt - pending.committedAt) / 1000];
    });
  }
}

/** The newest write among the endpoints that a change brought. */
function newest(change: Exclude<ServiceChange, { type: 'removed' }>): number | undefined {
  const before = new Map(
    change.type === 'updated'
      ? change.before.endpoints.map(({ id, origin }) => [id, origin.mzxid])
      : [],
  );
  const times = change.after.endpoints
    .filter(({ id, origin }) => before.get(id) !== origin.mzxid)
    .map(({ origin }) => origin.mtime);
  return times.length === 0 ? undefined : Math.max(...times);
}
