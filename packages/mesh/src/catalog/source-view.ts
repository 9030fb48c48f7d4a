import type { Endpoint } from '../model/endpoint.ts';
import type { Service } from '../model/service.ts';
import type { Departure, SourceChange } from '../model/source.ts';
import { idAtSource } from './merge.ts';

/** A source as the catalog is configured with it. */
export interface CatalogSource {
  /** Unique; it is the `origin.registry` of its endpoints. */
  readonly name: string;
  /** Where sources disagree, the higher wins; of equal ones the first. */
  readonly priority: number;
}

/** How far a source has been read. */
export type Reading =
  /** Nothing is known of it. */
  | 'unread'
  /** What is known is from before this process started. */
  | 'restored'
  /** It had its first complete read. */
  | 'read';

/** What one source says, and what it said of those that left. */
export class SourceView implements CatalogSource {
  readonly name: string;
  readonly priority: number;
  #services = new Map<string, Service>();
  #reading: Reading = 'unread';
  #recoveredAt = Number.NEGATIVE_INFINITY;
  /** Why endpoints have left since the last commit: by service, by id. */
  readonly #departed = new Map<string, Map<string, Departure>>();

  constructor({ name, priority }: CatalogSource) {
    this.name = name;
    this.priority = priority;
  }

  get reading(): Reading {
    return this.#reading;
  }

  /** When it was last read anew, after something of it was known; -Infinity if never. */
  get recoveredAt(): number {
    return this.#recoveredAt;
  }

  get(name: string): Service | undefined {
    return this.#services.get(name);
  }

  /** Why an endpoint of its, that was there at the last commit, is not there now. */
  departure(service: string, endpoint: Endpoint): Departure {
    const departed = this.#departed.get(service);
    return departed?.get(endpoint.id) ?? departed?.get(idAtSource(endpoint)) ?? 'unknown';
  }

  /** What is to be said of departures has been used. */
  committed(): void {
    this.#departed.clear();
  }

  /** Takes what was served of it before this process started. */
  restore(services: Iterable<Service>): void {
    this.#services = new Map(Array.from(services, (service) => [service.name, service]));
    this.#reading = 'restored';
  }

  /** Takes a change; returns the names of the services that it says something else of. */
  apply(change: SourceChange, now: number): readonly string[] {
    switch (change.type) {
      case 'reset':
        return this.#reset(change.services, now);
      case 'upsert': {
        const { service, departed } = change;
        const pending = this.#departed.get(service.name);
        if (pending !== undefined) for (const { id } of service.endpoints) pending.delete(id);
        this.#leave(service.name, departed);
        if (this.#services.get(service.name) === service) return [];
        this.#services.set(service.name, service);
        return [service.name];
      }
      case 'remove':
        this.#leave(change.name, change.departed);
        return this.#services.delete(change.name) ? [change.name] : [];
    }
  }

  /** The same objects cost a look each, and no more. */
  #reset(services: readonly Service[], now: number): string[] {
    if (this.#reading !== 'unread') this.#recoveredAt = now;
    this.#reading = 'read';
    this.#departed.clear();
    const changed: string[] = [];
    const before = this.#services;
    const after = new Map<string, Service>();
    for (const service of services) {
      after.set(service.name, service);
      if (before.get(service.name) !== service) changed.push(service.name);
    }
    for (const name of before.keys()) if (!after.has(name)) changed.push(name);
    this.#services = after;
    return changed;
  }

  #leave(service: string, departed: ReadonlyMap<string, Departure> | undefined): void {
    if (departed === undefined || this.#reading === 'unread') return;
    const pending = this.#departed.get(service);
    if (pending === undefined) this.#departed.set(service, new Map(departed));
    else for (const [id, departure] of departed) pending.set(id, departure);
  }
}
