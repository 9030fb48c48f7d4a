import type { Endpoint } from '../model/endpoint.ts';
import { addressOf } from './merge.ts';

/** How long a missing endpoint is kept, in milliseconds. */
export interface AbsorbOptions {
  /**
   * In quiet times: as long as a client library takes to delete its znode and create it again
   * (2 to 13 ms were measured). Default 14.
   */
  readonly steady: number;
  /**
   * From a source's recovery on: every client reconnects then and many register anew, some after
   * their old session was expired. Default 15,000.
   */
  readonly recovery: number;
}

/** The defaults. */
export const ABSORB: AbsorbOptions = { steady: 14, recovery: 15_000 };

/**
 * Keeps an endpoint that has gone for a moment, because most that vanish and come back within
 * milliseconds, or right after an outage, never went away. One per service. Pure.
 */
export class Absorber {
  readonly #held = new Map<string, { readonly endpoint: Endpoint; readonly until: number }>();

  /**
   * What to serve: `present` and those of `served` that are held.
   * @param until when an endpoint that is missing since now is to be dropped
   */
  absorb(
    served: readonly Endpoint[],
    present: readonly Endpoint[],
    now: number,
    until: (endpoint: Endpoint) => number,
  ): readonly Endpoint[] {
    const ids = new Set(present.map((endpoint) => endpoint.id));
    const addresses = new Set(present.map(addressOf));
    const back = (endpoint: Endpoint) => ids.has(endpoint.id) || addresses.has(addressOf(endpoint));
    const kept: Endpoint[] = [];
    for (const endpoint of served) {
      if (back(endpoint)) continue;
      const held = this.#held.get(endpoint.id) ?? { endpoint, until: until(endpoint) };
      if (held.until <= now) continue;
      this.#held.set(endpoint.id, held);
      kept.push(endpoint);
    }
    for (const [id, { endpoint, until: end }] of this.#held)
      if (end <= now || back(endpoint)) this.#held.delete(id);
    if (kept.length === 0) return present;
    return [...present, ...kept].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** When the next held endpoint is to be dropped; Infinity when none is held. */
  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (const { until } of this.#held.values()) deadline = Math.min(deadline, until);
    return deadline;
  }

  /** The endpoints that are served although their registry doesn't have them. */
  get held(): ReadonlySet<string> {
    return new Set(this.#held.keys());
  }
}
