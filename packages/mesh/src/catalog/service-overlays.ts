import type { Endpoint } from '../model/endpoint.ts';
import { addressOf } from './address-index.ts';
import { type Instance, idAtSource } from './merge.ts';
import { type Overlay, overlaid } from './overlay.ts';

interface Entry {
  overlay: Overlay;
  /** The registrations of the instance that it was said of, when that was last registered. */
  twins: ReadonlySet<string>;
  /** Whether an instance is registered under its id. */
  registered: boolean;
  /** Since when no endpoint, registered or held, has its id. */
  goneSince: number | undefined;
}

const NO_TWINS: ReadonlySet<string> = new Set();

/**
 * The operators' words over one service's endpoints, by id. A word counts for the instance: when that
 * is registered twice, and the registration that the word names goes for a while, it stays in force.
 */
export class ServiceOverlays {
  readonly #entries = new Map<string, Entry>();
  /** The instances that are registered. */
  #instances: readonly Instance[] = [];
  /** By the id that is served, of every registered instance. */
  #inForce = new Map<string, Overlay | undefined>();

  get size(): number {
    return this.#entries.size;
  }

  set(id: string, overlay: Overlay): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.overlay = overlay;
    else
      this.#entries.set(id, { overlay, twins: NO_TWINS, registered: false, goneSince: undefined });
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  /** The overlays by the id that they were laid on. */
  get all(): ReadonlyMap<string, Overlay> {
    return new Map([...this.#entries].map(([id, { overlay }]) => [id, overlay]));
  }

  /** What counts for an endpoint, registered or held. */
  of(endpoint: Endpoint): Overlay | undefined {
    if (this.#inForce.has(endpoint.id)) return this.#inForce.get(endpoint.id);
    return this.#entries.get(endpoint.id)?.overlay ?? this.#ofTwin([endpoint]);
  }

  apply(endpoint: Endpoint): Endpoint {
    return overlaid(endpoint, this.of(endpoint));
  }

  /** Finds out what counts for the instances that are registered now. */
  resolve(instances: readonly Instance[]): void {
    this.#instances = instances;
    const served = new Set(instances.map(({ endpoint }) => endpoint.id));
    for (const entry of this.#entries.values()) entry.registered = false;
    const inForce = new Map<string, Overlay | undefined>();
    for (const { endpoint, registrations } of instances) {
      const current = youngest(registrations);
      const others = current.map(({ id }) => id).filter((id) => !served.has(id));
      const named = [endpoint.id, ...others].flatMap((id) => this.#entries.get(id) ?? []);
      for (const entry of named) {
        entry.registered = true;
        entry.twins = new Set(current.map(keyOf));
      }
      inForce.set(endpoint.id, named[0]?.overlay);
    }
    for (const { endpoint, registrations } of instances)
      if (inForce.get(endpoint.id) === undefined)
        inForce.set(endpoint.id, this.#ofTwin(youngest(registrations)));
    this.#inForce = inForce;
  }

  /**
   * Takes note of which endpoints are held. Once an id has been away for `grace` milliseconds, what
   * was said of it counts for nobody: all replicas agree then, whatever they saw.
   */
  see(held: readonly Endpoint[], now: number, grace: number): void {
    const ids = new Set(held.map(({ id }) => id));
    let ended = false;
    for (const [id, entry] of this.#entries) {
      const gone = !entry.registered && !ids.has(id);
      entry.goneSince = gone ? (entry.goneSince ?? now) : undefined;
      if (entry.goneSince === undefined || entry.goneSince + grace > now) continue;
      ended ||= entry.twins !== NO_TWINS;
      entry.twins = NO_TWINS;
    }
    if (ended) this.resolve(this.#instances);
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

  /** What was said of another registration of the same instance, which is away. */
  #ofTwin(registrations: readonly Endpoint[]): Overlay | undefined {
    let found: string | undefined;
    for (const [id, { twins, registered }] of this.#entries)
      if (!registered && twins.size > 1 && registrations.some((each) => twins.has(keyOf(each))))
        if (found === undefined || id < found) found = id;
    return found === undefined ? undefined : this.#entries.get(found)?.overlay;
  }
}

/** One registration, wherever it is met. */
function keyOf(endpoint: Endpoint): string {
  return JSON.stringify([endpoint.origin.registry, idAtSource(endpoint), addressOf(endpoint)]);
}

/**
 * The youngest registration of each source. An older one is another process: what was said of it
 * doesn't count for its successor.
 */
function youngest(registrations: Instance['registrations']): Endpoint[] {
  const sources = new Set<string>();
  return registrations.filter(({ origin: { registry } }) => {
    const first = !sources.has(registry);
    sources.add(registry);
    return first;
  });
}
