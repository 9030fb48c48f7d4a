import type { Endpoint } from '../model/endpoint.ts';
import type { Instance } from './merge.ts';
import { type Overlay, overlaid } from './overlay.ts';

interface Entry {
  overlay: Overlay;
  /** Other ids that the same instance was registered under. */
  readonly aliases: Set<string>;
  /** Since when no endpoint has its id or one of its aliases. */
  goneSince: number | undefined;
}

/**
 * The operators' words over one service's endpoints. A word counts for the instance: it stays in
 * force when that is registered twice and the registration that it names leaves first.
 */
export class ServiceOverlays {
  readonly #entries = new Map<string, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  set(id: string, overlay: Overlay): void {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      this.#entries.set(id, { overlay, aliases: new Set(), goneSince: undefined });
    else entry.overlay = overlay;
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  /** What the operators say of the endpoint with that id. */
  of(id: string): Overlay | undefined {
    const own = this.#entries.get(id);
    if (own !== undefined) return own.overlay;
    for (const { aliases, overlay } of this.#entries.values()) if (aliases.has(id)) return overlay;
    return undefined;
  }

  apply(endpoint: Endpoint): Endpoint {
    return overlaid(endpoint, this.of(endpoint.id));
  }

  /**
   * Learns under which ids the sources have one instance. An older registration in the same source
   * is another process: what was said of it doesn't count for its successor.
   */
  learn(instances: Iterable<Instance>): void {
    for (const { endpoint, registrations } of instances) {
      const bySource = new Map<string, string>();
      for (const { id, origin } of registrations)
        if (!bySource.has(origin.registry)) bySource.set(origin.registry, id);
      if (bySource.size === 1) continue;
      const ids = [endpoint.id, ...bySource.values()];
      for (const id of ids) {
        const entry = this.#entries.get(id);
        if (entry !== undefined) for (const alias of ids) entry.aliases.add(alias);
      }
    }
  }

  /** Takes note of which endpoints there are now, present or held. */
  see(endpoints: readonly Endpoint[], now: number): void {
    const ids = new Set(endpoints.map(({ id }) => id));
    for (const [id, entry] of this.#entries) {
      const seen = ids.has(id) || [...entry.aliases].some((alias) => ids.has(alias));
      entry.goneSince = seen ? undefined : (entry.goneSince ?? now);
    }
  }

  /** The overlays whose endpoint has been away for `grace` milliseconds. */
  orphaned(now: number, grace: number): string[] {
    const orphaned: string[] = [];
    for (const [id, { goneSince }] of this.#entries)
      if (goneSince !== undefined && goneSince + grace <= now) orphaned.push(id);
    return orphaned;
  }

  /** When the next one is orphaned; Infinity when none is about to be. */
  deadline(now: number, grace: number): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (const { goneSince } of this.#entries.values())
      if (goneSince !== undefined && goneSince + grace > now)
        deadline = Math.min(deadline, goneSince + grace);
    return deadline;
  }

  /** The overlays by the id that they were laid on. */
  get all(): ReadonlyMap<string, Overlay> {
    return new Map([...this.#entries].map(([id, { overlay }]) => [id, overlay]));
  }
}
