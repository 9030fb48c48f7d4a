import type { Endpoint, ServiceChange } from '@meshkeeper/mesh';
import { ClockSkew } from './clock-skew.ts';

/**
 * A transaction that is older than the newest one which was served so long ago is no news: its
 * endpoint was known, and is served now because another one went away. Milliseconds.
 */
const NEWS = 10_000;

/** Where an endpoint is from whose registry has transactions. */
interface Committed {
  readonly registry: string;
  readonly path: string;
  readonly mzxid: bigint;
  readonly mtime: number;
}

/** What is known of a registry's transactions. */
interface Known {
  /** The newest transaction that was served before {@link NEWS}. */
  old: bigint;
  /** The newest of all that were served. */
  newest: bigint;
  /** When `newest` becomes `old`. */
  turnsAt: number;
  /** It is read as a whole: for the first time, or after a gap. */
  reading: 'first' | 'again' | undefined;
  readonly skew: ClockSkew;
}

/**
 * When a change of the catalog was committed in ZooKeeper, by our clock. Known of what somebody
 * wrote since a registry was first read; not of what went away, which leaves no time behind. Pure.
 */
export class Commits {
  readonly #registries = new Map<string, Known>();

  /** Milliseconds to add to a registry's times so that they are ours. */
  correction(registry: string): number {
    return this.#registries.get(registry)?.skew.correction ?? 0;
  }

  /** A registry was read as a whole: what is served next holds what that found. */
  reset(registry: string): void {
    const known = this.#registries.get(registry);
    if (known !== undefined) known.reading = 'again';
    else
      this.#registries.set(registry, {
        ...{ old: 0n, newest: 0n, turnsAt: 0, reading: 'first', skew: new ClockSkew() },
      });
  }

  /**
   * When each of the changes that are served from `now` on was committed: the oldest transaction in
   * it, which has waited longest. Undefined of those of which it isn't known.
   */
  of(changes: readonly ServiceChange[], now: number): (number | undefined)[] {
    for (const known of this.#registries.values()) turn(known, now);
    const news = changes.map((change) => this.#news(change));
    // First all of them: the quickest tells most of the clock. After a gap none was quick.
    for (const { registry, mtime } of news.flat()) {
      const known = this.#registries.get(registry);
      if (known?.reading === undefined) known?.skew.seen(mtime, now);
    }
    for (const change of changes) this.#served(change);
    return news.map((origins) => {
      const times = origins.map(({ registry, mtime }) => mtime + this.correction(registry));
      return times.length === 0 ? undefined : Math.min(now, ...times);
    });
  }

  /** What was read as a whole is served. */
  settled(now: number): void {
    for (const known of this.#registries.values()) {
      if (known.reading === 'first')
        Object.assign(known, { old: known.newest, turnsAt: now + NEWS });
      known.reading = undefined;
    }
  }

  /** The origins of the endpoints that a change brought, as far as their transactions are news. */
  #news(change: ServiceChange): Committed[] {
    if (change.type === 'removed') return [];
    const before = new Set(
      change.type === 'updated' ? change.before.endpoints.map(({ origin }) => keyOf(origin)) : [],
    );
    return change.after.endpoints.flatMap(({ origin }) => {
      const { registry, path, mzxid, mtime } = origin;
      const known = this.#registries.get(registry);
      if (known === undefined || known.reading === 'first') return [];
      // Elsewhere than in ZooKeeper it isn't known when something was committed.
      if (mzxid === undefined || mtime === undefined || mzxid <= known.old) return [];
      return before.has(keyOf(origin)) ? [] : [{ registry, path, mzxid, mtime }];
    });
  }

  #served(change: ServiceChange): void {
    if (change.type === 'removed') return;
    for (const { origin } of change.after.endpoints) {
      const { registry, mzxid = 0n } = origin;
      const known = this.#registries.get(registry);
      if (known !== undefined && mzxid > known.newest) known.newest = mzxid;
    }
  }
}

function turn(known: Known, now: number): void {
  if (now < known.turnsAt) return;
  known.old = known.newest;
  known.turnsAt = now + NEWS;
}

function keyOf({ registry, path, mzxid }: Endpoint['origin']): string {
  return `${registry}\0${path}\0${mzxid}`;
}
