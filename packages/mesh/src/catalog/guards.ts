import type { Endpoint } from '../model/endpoint.ts';
import type { Service } from '../model/service.ts';
import { Guard, type Present } from './guard.ts';
import type { Held } from './held.ts';
import { takesRequests } from './overlay.ts';
import { type ProtectionOptions, protectionOf } from './protection.ts';
import type { ServiceOverlays } from './service-overlays.ts';
import { missing } from './service-versions.ts';
import type { SourceView } from './source-view.ts';

/** What a service is looked at with. */
export interface GuardedService {
  readonly name: string;
  /** What the sources together had, and what they have now. */
  readonly earlier: Service | undefined;
  readonly now: Service | undefined;
  readonly overlays: ServiceOverlays | undefined;
  /** Whether an operator holds it. */
  readonly hold: boolean;
}

const NOTHING_HELD: ReadonlyMap<string, Held> = new Map();

/** The guards of those services of which something is missing. Pure. */
export class Guards {
  readonly #protection: ProtectionOptions;
  readonly #sources: ReadonlyMap<string, SourceView>;
  readonly #guards = new Map<string, Guard>();

  constructor(protection: ProtectionOptions, sources: ReadonlyMap<string, SourceView>) {
    this.#protection = protection;
    this.#sources = sources;
  }

  get(service: string): Guard | undefined {
    return this.#guards.get(service);
  }

  /** A service's endpoints that are served although their registry lacks them, by id. */
  held(service: string): ReadonlyMap<string, Held> {
    return this.#guards.get(service)?.held ?? NOTHING_HELD;
  }

  /** The services of which endpoints are held, each with their states. */
  *allHeld(): Generator<readonly [service: string, held: ReadonlyMap<string, Held>]> {
    for (const [service, guard] of this.#guards) if (guard.size > 0) yield [service, guard.held];
  }

  /** What is waited for may come back with those that a source's recovery brings; gives all services. */
  recover(source: SourceView): Iterable<string> {
    for (const [name, guard] of this.#guards) {
      const protection = protectionOf(this.#protection, name);
      guard.recover(source.name, source.recoveredAt + protection.recovery, protection);
    }
    return this.#guards.keys();
  }

  /** The service's guard, if something of it is missing, told of who has left since the last time. */
  settle({ name, earlier, now, overlays, hold }: GuardedService, at: number): Guard | undefined {
    const endpoints = now?.endpoints ?? [];
    const gone =
      earlier === undefined || earlier === now ? [] : missing(earlier.endpoints, endpoints);
    let guard = this.#guards.get(name);
    if (guard === undefined && gone.length === 0) return undefined;
    guard ??= new Guard();
    const protection = protectionOf(this.#protection, name);
    const overlaid = (endpoint: Endpoint) => overlays?.apply(endpoint) ?? endpoint;
    let had = 0;
    if (gone.length > 0)
      for (const endpoint of earlier!.endpoints) if (takesRequests(overlaid(endpoint))) had++;
    for (const endpoint of gone) {
      const source = this.#sources.get(endpoint.origin.registry);
      const departure = source?.departure(name, endpoint) ?? 'unknown';
      const recovering = (source?.recoveredAt ?? Number.NEGATIVE_INFINITY) + protection.recovery;
      const unexpected = departure !== 'deregistered' && takesRequests(overlaid(endpoint));
      guard.leave({ endpoint, departure, at, recovering, had, unexpected }, protection);
    }
    const present: Present = { endpoints, overlaid, protection, hold };
    guard.settle(present, at);
    if (guard.idle) this.#guards.delete(name);
    else this.#guards.set(name, guard);
    return guard;
  }
}
