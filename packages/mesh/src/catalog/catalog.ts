import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { Service } from '../model/service.ts';
import { diff, EMPTY_SNAPSHOT, type ServiceChange, type Snapshot } from '../model/snapshot.ts';
import type { SourceChange } from '../model/source.ts';
import { ABSORB, Absorber, type AbsorbOptions } from './absorber.ts';
import { merge } from './merge.ts';
import { type Overlay, overlaid } from './overlay.ts';

/** What a commit did. */
export interface Commit {
  readonly snapshot: Snapshot;
  /** Empty when nothing that is served has changed. */
  readonly changes: readonly ServiceChange[];
}

interface SourceEntry {
  readonly services: Map<string, Service>;
  /** Undefined before the first complete read. */
  resetAt: number | undefined;
  /** Removals are held until then. */
  recoveringUntil: number;
}

/**
 * Makes one catalog out of what the sources say. Pure: it is told the time, in milliseconds of any
 * monotonic clock, and says when it wants to be asked again.
 *
 * Changes are taken with `apply` and `overlay`; `commit` makes the next snapshot of all that came
 * since the last one. Before every source had its first complete read there is nothing to commit.
 */
export class Catalog {
  readonly #sources: ReadonlyMap<string, SourceEntry>;
  readonly #absorb: AbsorbOptions;
  readonly #absorbers = new Map<string, Absorber>();
  readonly #overlays = new Map<string, Map<string, Overlay>>();
  readonly #dirty = new Set<string>();
  #snapshot = EMPTY_SNAPSHOT;

  /** `sources`: their names, the most trusted first. */
  constructor(sources: readonly string[], absorb: AbsorbOptions = ABSORB) {
    this.#absorb = absorb;
    this.#sources = new Map(
      sources.map((name) => [
        name,
        { services: new Map(), resetAt: undefined, recoveringUntil: Number.NEGATIVE_INFINITY },
      ]),
    );
  }

  /** True once every source had its first complete read. */
  get ready(): boolean {
    for (const source of this.#sources.values()) if (source.resetAt === undefined) return false;
    return true;
  }

  /** What is served now. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** When `commit` has something to do though nothing came; Infinity when never. */
  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY;
    for (const absorber of this.#absorbers.values())
      deadline = Math.min(deadline, absorber.deadline);
    return deadline;
  }

  /** The ids of a service's endpoints that are served although their registry lacks them. */
  held(service: string): ReadonlySet<string> {
    return this.#absorbers.get(service)?.held ?? new Set();
  }

  /** Takes a change of the source of that name. */
  apply(name: string, change: SourceChange, now: number): void {
    const source = this.#sources.get(name);
    if (source === undefined) throw new Error(`no source is called ${name}`);
    switch (change.type) {
      case 'reset':
        if (source.resetAt !== undefined) source.recoveringUntil = now + this.#absorb.recovery;
        source.resetAt = now;
        for (const gone of source.services.keys()) this.#dirty.add(gone);
        source.services.clear();
        for (const service of change.services) this.#put(source, service);
        return;
      case 'upsert':
        this.#put(source, change.service);
        return;
      case 'remove':
        source.services.delete(change.name);
        this.#dirty.add(change.name);
    }
  }

  /** Lays an operator's word over an endpoint; undefined takes it back. */
  overlay(service: string, endpoint: string, overlay: Overlay | undefined): void {
    const overlays = this.#overlays.get(service) ?? new Map<string, Overlay>();
    if (overlay === undefined) overlays.delete(endpoint);
    else overlays.set(endpoint, overlay);
    if (overlays.size === 0) this.#overlays.delete(service);
    else this.#overlays.set(service, overlays);
    this.#dirty.add(service);
  }

  /** The operator's words over a service's endpoints, by id. */
  overlays(service: string): ReadonlyMap<string, Overlay> {
    return this.#overlays.get(service) ?? new Map();
  }

  /** Makes the next snapshot, if what is served has changed. */
  commit(now: number): Commit {
    if (!this.ready) return { snapshot: this.#snapshot, changes: [] };
    for (const [name, absorber] of this.#absorbers)
      if (absorber.deadline <= now) this.#dirty.add(name);
    const changed = new Map<string, Service | undefined>();
    for (const name of this.#dirty) {
      const before = this.#snapshot.services.get(name);
      const after = this.#serve(name, before, now);
      if (after !== before) changed.set(name, after);
    }
    this.#dirty.clear();
    if (changed.size === 0) return { snapshot: this.#snapshot, changes: [] };
    const previous = this.#snapshot;
    const next = {
      revision: previous.revision + 1,
      services: previous.services.with(changed),
    };
    const changes = diff(previous, next);
    // Read again with the same content: keep what is newer (the origins), but call it no revision.
    this.#snapshot = changes.length === 0 ? { ...next, revision: previous.revision } : next;
    return { snapshot: this.#snapshot, changes };
  }

  #put(source: SourceEntry, service: Service): void {
    source.services.set(service.name, service);
    this.#dirty.add(service.name);
  }

  #serve(name: string, before: Service | undefined, now: number): Service | undefined {
    const said: Service[] = [];
    for (const source of this.#sources.values()) {
      const service = source.services.get(name);
      if (service !== undefined) said.push(service);
    }
    const present = merge(name, said);
    const base = present ?? before;
    if (base === undefined) return undefined;
    let absorber = this.#absorbers.get(name);
    absorber ??= new Absorber();
    const overlays = this.#overlays.get(name);
    const old = new Map(before?.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    const endpoints = absorber
      .absorb(before?.endpoints ?? [], present?.endpoints ?? [], now, (endpoint) =>
        this.#heldUntil(endpoint, now),
      )
      .map((endpoint) => overlaid(endpoint, overlays?.get(endpoint.id)))
      .map((endpoint) => reused(endpoint, old.get(endpoint.id)));
    if (absorber.deadline === Number.POSITIVE_INFINITY) this.#absorbers.delete(name);
    else this.#absorbers.set(name, absorber);
    if (present === undefined && endpoints.length === 0) return undefined;
    if (before !== undefined && unchanged(base, endpoints, before)) return before;
    return { ...base, endpoints };
  }

  #heldUntil(endpoint: Endpoint, now: number): number {
    const source = this.#sources.get(endpoint.origin.registry);
    return Math.max(now + this.#absorb.steady, source?.recoveringUntil ?? now);
  }
}

/** The object that was served before, when it is the same endpoint read from the same transaction. */
function reused(endpoint: Endpoint, old: Endpoint | undefined): Endpoint {
  return old !== undefined &&
    old.origin.mzxid === endpoint.origin.mzxid &&
    old.origin.czxid === endpoint.origin.czxid &&
    sameEndpoint(old, endpoint)
    ? old
    : endpoint;
}

function unchanged(base: Service, endpoints: readonly Endpoint[], before: Service): boolean {
  return (
    base.protocol === before.protocol &&
    base.policyRef === before.policyRef &&
    endpoints.length === before.endpoints.length &&
    endpoints.every((endpoint, i) => endpoint === before.endpoints[i])
  );
}
