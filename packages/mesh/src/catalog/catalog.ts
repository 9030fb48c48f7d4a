import type { Endpoint } from '../model/endpoint.ts';
import type { Service } from '../model/service.ts';
import { EMPTY_SNAPSHOT, type ServiceChange, type Snapshot } from '../model/snapshot.ts';
import type { SourceChange } from '../model/source.ts';
import { NO_POLICIES, type Policies } from '../policy/model/policies.ts';
import { Deadlines } from './deadlines.ts';
import { type Explanation, explain } from './explain.ts';
import type { Guard } from './guard.ts';
import { Guards } from './guards.ts';
import type { Alarm, Held } from './held.ts';
import { Leaders } from './leaders.ts';
import { byId, type Conflict, Merger, type Said } from './merge.ts';
import type { Overlay } from './overlay.ts';
import { PROTECTION, type ProtectionOptions } from './protection.ts';
import { ServiceOverlays } from './service-overlays.ts';
import { changeOf, part, served, withProtocol } from './service-versions.ts';
import { type CatalogSource, SourceView } from './source-view.ts';

/** What a commit did. */
export interface Commit {
  readonly snapshot: Snapshot;
  /** Empty when nothing that is served has changed; the revision of policies alone is new too. */
  readonly changes: readonly ServiceChange[];
}

/** What was served before this process started. */
export interface Restored {
  /** The revision that it was: the next one follows it. Default 0. */
  readonly revision?: number;
  readonly services: Iterable<Service>;
  /** The sources whose part in it is complete. */
  readonly sources: readonly string[];
}

/** An operator's word over an endpoint that is gone for good. */
export interface OrphanedOverlay {
  readonly service: string;
  readonly endpoint: string;
}

/**
 * Makes one catalog out of what the sources say. Pure: it is told the time, in milliseconds of any
 * clock that doesn't go back, and says when it wants to be asked again.
 *
 * Changes are taken with `apply`, `overlay`, `hold` and `release`; `commit` makes the next snapshot
 * of all that came since the last one. There is nothing to commit until each source either had its
 * first complete read or was restored. A change costs the work on the service that it names,
 * whatever the size of the catalog.
 */
export class Catalog {
  /** The first to win a conflict first. */
  readonly #sources: readonly SourceView[];
  readonly #bySource: ReadonlyMap<string, SourceView>;
  readonly #protection: ProtectionOptions;
  /** What the sources together had at the last commit. */
  readonly #merged = new Map<string, Service>();
  readonly #merger = new Merger();
  readonly #guards: Guards;
  readonly #overlays = new Map<string, ServiceOverlays>();
  readonly #holds = new Set<string>();
  readonly #leaders = new Leaders();
  readonly #conflicts = new Map<string, readonly Conflict[]>();
  readonly #alarms = new Map<string, Alarm>();
  readonly #orphaned = new Map<string, readonly string[]>();
  readonly #deadlines = new Deadlines();
  readonly #dirty = new Set<string>();
  #snapshot = EMPTY_SNAPSHOT;
  #policies: Policies = NO_POLICIES;
  #version = 0;

  /** `sources`: in the order in which they are configured. */
  constructor(sources: readonly CatalogSource[], protection: ProtectionOptions = PROTECTION) {
    this.#protection = protection;
    this.#sources = sources
      .map((source) => new SourceView(source))
      .sort((a, b) => b.priority - a.priority);
    this.#bySource = new Map(this.#sources.map((source) => [source.name, source]));
    this.#guards = new Guards(protection, this.#bySource);
  }

  /** True once every source had its first complete read, or was restored. */
  get ready(): boolean {
    return this.#sources.every(({ reading }) => reading !== 'unread');
  }

  /** The sources that have not been read since this process started: their part is what it was then. */
  get restored(): readonly string[] {
    return this.#sources.filter(({ reading }) => reading === 'restored').map(({ name }) => name);
  }

  /** What is served now. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Another number whenever something of what is shown here may be another: also what no revision tells. */
  get version(): number {
    return this.#version;
  }

  /** When `commit` has something to do though nothing came; Infinity when never. */
  get deadline(): number {
    return this.#deadlines.next;
  }

  /** A service's endpoints that are served although their registry lacks them, by id. */
  held(service: string): ReadonlyMap<string, Held> {
    return this.#guards.held(service);
  }

  /** The services of which endpoints are held, each with their states. */
  allHeld(): Iterable<readonly [service: string, held: ReadonlyMap<string, Held>]> {
    return this.#guards.allHeld();
  }

  /** The services whose registry is in doubt, by name. */
  get alarms(): ReadonlyMap<string, Alarm> {
    return this.#alarms;
  }

  /** Where sources can't both be right, by service. */
  get conflicts(): ReadonlyMap<string, readonly Conflict[]> {
    return this.#conflicts;
  }

  /** The overlays whose endpoint is gone for good, until they are taken back. */
  get orphanedOverlays(): readonly OrphanedOverlay[] {
    return [...this.#orphaned].flatMap(([service, ids]) =>
      ids.map((endpoint) => ({ service, endpoint })),
    );
  }

  /** Takes what was served before, so that it can be served until the sources are read. */
  restore({ revision = 0, services, sources }: Restored): void {
    this.#version++;
    if (revision > this.#snapshot.revision) this.#snapshot = { ...this.#snapshot, revision };
    const all = [...services];
    for (const name of sources) {
      const source = this.#bySource.get(name);
      if (source === undefined || source.reading !== 'unread') continue;
      const parts = all.flatMap((service) => part(service, name) ?? []);
      source.restore(parts);
      for (const service of parts) this.#dirty.add(service.name);
    }
  }

  /** Takes a change of the source of that name. */
  apply(name: string, change: SourceChange, now: number): void {
    const source = this.#bySource.get(name);
    if (source === undefined) throw new Error(`no source is called ${name}`);
    for (const service of source.apply(change, now)) this.#dirty.add(service);
    // What is waited for may come back with it.
    if (change.type === 'reset')
      for (const waiting of this.#guards.recover(source)) this.#dirty.add(waiting);
  }

  /** Lays an operator's word over an endpoint; undefined takes it back. */
  overlay(service: string, endpoint: string, overlay: Overlay | undefined): void {
    const overlays = this.#overlays.get(service) ?? new ServiceOverlays();
    if (overlay === undefined) overlays.delete(endpoint);
    else overlays.set(endpoint, overlay);
    if (overlays.size === 0) this.#overlays.delete(service);
    else this.#overlays.set(service, overlays);
    this.#dirty.add(service);
  }

  /** The operator's words over a service's endpoints, by id. */
  overlays(service: string): ReadonlyMap<string, Overlay> {
    return this.#overlays.get(service)?.all ?? new Map();
  }

  /** What operators say of an endpoint, under this id or under another of the same instance. */
  overlayOf(service: string, endpoint: Endpoint): Overlay | undefined {
    return this.#overlays.get(service)?.of(endpoint);
  }

  /** One of a service's endpoints leads it, by its id; undefined: nobody does. */
  elect(service: string, endpoint: string | undefined): void {
    if (this.#leaders.elect(service, endpoint)) this.#dirty.add(service);
  }

  /** Who leads a service is not followed any more: what its registries say counts. */
  forgetLeader(service: string): void {
    if (this.#leaders.forget(service)) this.#dirty.add(service);
  }

  /** Keeps whatever leaves a service, for whatever reason, until it is released. */
  hold(service: string): void {
    this.#version++;
    this.#holds.add(service);
    this.#dirty.add(service);
  }

  /** Ends an operator's hold, and lets go what is held of the service for whatever reason. */
  release(service: string): void {
    this.#version++;
    this.#holds.delete(service);
    this.#guards.get(service)?.release();
    this.#dirty.add(service);
  }

  /** The services that operators hold. */
  get holds(): ReadonlySet<string> {
    return this.#holds;
  }

  /** Why a service is served as it is; what came since the last commit is not served yet. */
  explain(name: string): Explanation {
    const guard = this.#guards.get(name);
    return explain({
      name,
      sources: this.#sources,
      instances: this.#merger.instances(name, this.#said(name)),
      conflicts: this.#merger.merge(name, this.#said(name))?.conflicts ?? [],
      served: this.#snapshot.services.get(name),
      held: this.held(name),
      kept: guard === undefined ? [] : [...guard.kept()],
      left: guard?.left ?? [],
      overlayOf: (endpoint) => this.overlayOf(name, endpoint),
      hold: this.#holds.has(name),
      alarm: this.#alarms.get(name),
      ready: this.ready,
    });
  }

  /** Takes what operators have applied, which is in the next snapshot. */
  setPolicies(policies: Policies): void {
    this.#policies = policies;
  }

  /** Makes the next snapshot, if what is served, or what was applied, has changed. */
  commit(now: number): Commit {
    if (!this.ready) {
      for (const source of this.#sources) source.committed();
      return { snapshot: this.#snapshot, changes: [] };
    }
    for (const name of this.#deadlines.due(now)) this.#dirty.add(name);
    if (this.#dirty.size > 0 || this.#policies !== this.#snapshot.policies) this.#version++;
    const changed = new Map<string, Service | undefined>();
    const changes: ServiceChange[] = [];
    for (const name of this.#dirty) {
      const before = this.#snapshot.services.get(name);
      const after = this.#serve(name, before, now);
      if (after === before) continue;
      changed.set(name, after);
      const change = changeOf(name, before, after);
      if (change !== undefined) changes.push(change);
    }
    this.#dirty.clear();
    for (const source of this.#sources) source.committed();
    const policies = this.#policies;
    const applied = policies !== this.#snapshot.policies;
    if (changed.size === 0 && !applied) return { snapshot: this.#snapshot, changes };
    const { revision, services } = this.#snapshot;
    // Read again with the same content: keep what is newer (the origins), but call it no revision.
    this.#snapshot = {
      revision: changes.length === 0 && !applied ? revision : revision + 1,
      services: services.with(changed),
      policies,
    };
    return { snapshot: this.#snapshot, changes };
  }

  #serve(name: string, before: Service | undefined, now: number): Service | undefined {
    const said = this.#said(name);
    const merged = this.#merger.merge(name, said);
    if (merged === undefined || merged.conflicts.length === 0) this.#conflicts.delete(name);
    else this.#conflicts.set(name, merged.conflicts);
    const overlays = this.#overlays.get(name);
    overlays?.resolve(this.#merger.instances(name, said));
    const earlier = this.#merged.get(name);
    const service = merged && withProtocol(merged.service, earlier);
    const hold = this.#holds.has(name);
    const guard = this.#guards.settle({ name, earlier, now: service, overlays, hold }, now);

    // What is held when all sources have forgotten the service is served as it was.
    const base = service ?? (guard?.size ? earlier : undefined);
    if (base === undefined) this.#merged.delete(name);
    else this.#merged.set(name, service ?? { ...base, endpoints: [] });

    const kept = guard?.size ? [...guard.kept()] : [];
    const present = service?.endpoints ?? [];
    const all = kept.length === 0 ? present : [...present, ...kept].sort(byId);
    overlays?.see(kept, now, this.#protection.overlayGrace);
    this.#schedule(name, guard, overlays, now);
    if (base === undefined) return undefined;
    const wanted = overlays === undefined ? all : all.map((endpoint) => overlays.apply(endpoint));
    return served(base, this.#leaders.apply(name, wanted), before);
  }

  #said(name: string): Said[] {
    const said: Said[] = [];
    for (const source of this.#sources) {
      const service = source.get(name);
      if (service !== undefined) said.push({ source: source.name, service });
    }
    return said;
  }

  /** Takes note of what is to be known of a service, and of when it is to be looked at again. */
  #schedule(
    name: string,
    guard: Guard | undefined,
    overlays: ServiceOverlays | undefined,
    now: number,
  ): void {
    const alarm = guard?.alarm(name);
    if (alarm === undefined) this.#alarms.delete(name);
    else this.#alarms.set(name, alarm);
    const grace = this.#protection.overlayGrace;
    const orphaned = overlays?.orphaned(now, grace) ?? [];
    if (orphaned.length === 0) this.#orphaned.delete(name);
    else this.#orphaned.set(name, orphaned);
    const never = Number.POSITIVE_INFINITY;
    this.#deadlines.set(
      name,
      Math.min(guard?.deadline ?? never, overlays?.deadline(now, grace) ?? never),
    );
  }
}
