import {
  Catalog,
  type Commit,
  type Departure,
  type Endpoint,
  PROTECTION,
  type ProtectionOptions,
} from '../../src/index.ts';
import { service } from '../sample.ts';

/** Short times, all different, so that a test can tell which of them counted. */
export const QUICK: ProtectionOptions = {
  ...PROTECTION,
  absorb: 10,
  limbo: 100,
  recovery: 1_000,
  massDrop: { share: 0.5, minimum: 3, window: 400 },
  maxHold: 10_000,
  overlayGrace: 20_000,
};

/** A catalog of one source `r`, with everything of one service `a` said in a line. */
export class OneService {
  readonly catalog: Catalog;
  /** What the source has. */
  #endpoints: readonly Endpoint[] = [];

  constructor(endpoints: readonly Endpoint[], protection: Partial<ProtectionOptions> = {}) {
    this.catalog = new Catalog([{ name: 'r', priority: 0 }], { ...QUICK, ...protection });
    this.#endpoints = endpoints;
    this.reset(0);
  }

  /** The source is read anew, with these of the endpoints gone. */
  reset(now: number, ...gone: string[]): Commit {
    this.#pass(now);
    this.#endpoints = this.#endpoints.filter(({ id }) => !gone.includes(id));
    this.catalog.apply('r', { type: 'reset', services: [service('a', ...this.#endpoints)] }, now);
    return this.catalog.commit(now);
  }

  /** Endpoints leave, all alike. */
  leave(now: number, departure: Departure, ...ids: string[]): Commit {
    this.#endpoints = this.#endpoints.filter(({ id }) => !ids.includes(id));
    const departed = new Map(ids.map((id) => [id, departure]));
    return this.#upsert(now, departed);
  }

  /** Endpoints register, again or for the first time. */
  join(now: number, ...endpoints: Endpoint[]): Commit {
    const ids = new Set(endpoints.map(({ id }) => id));
    this.#endpoints = [...this.#endpoints.filter(({ id }) => !ids.has(id)), ...endpoints];
    return this.#upsert(now);
  }

  /** Time passes, and the catalog is asked when it wants to be. */
  #pass(now: number): void {
    while (this.catalog.deadline < now) this.catalog.commit(this.catalog.deadline);
  }

  #upsert(now: number, departed?: ReadonlyMap<string, Departure>): Commit {
    this.#pass(now);
    const change = { type: 'upsert' as const, service: service('a', ...this.#endpoints) };
    this.catalog.apply('r', departed === undefined ? change : { ...change, departed }, now);
    return this.catalog.commit(now);
  }

  /** The ids that are served at `now`. */
  served(now: number): string {
    this.#pass(now);
    this.catalog.commit(now);
    return ids(this.catalog, 'a');
  }

  /** What is held at `now`, and why. */
  held(now: number): Record<string, string> {
    this.#pass(now);
    this.catalog.commit(now);
    return Object.fromEntries([...this.catalog.held('a')].map(([id, { reason }]) => [id, reason]));
  }
}

/** The ids of a service's endpoints, in a line. */
export function ids(catalog: Catalog, name: string): string {
  return (catalog.snapshot.services.get(name)?.endpoints ?? []).map(({ id }) => id).join();
}

/** What a commit did, in a line each. */
export function types({ changes }: Commit): string[] {
  return changes.map(({ type, name }) => `${type} ${name}`);
}
