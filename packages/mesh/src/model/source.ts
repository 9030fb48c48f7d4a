import type { Service } from './service.ts';

/**
 * Why an endpoint is gone, as far as its registry shows it: ZooKeeper's events tell of a znode's
 * deletion, not of its reason.
 */
export type Departure =
  /** Its owner deleted it: others of its session's znodes are still there, or it was persistent. */
  | 'deregistered'
  /** Its session ended, closed or expired: several of its znodes went in one transaction. */
  | 'session-ended'
  /** Either; or it was missing after a gap. */
  | 'unknown';

/**
 * A change that a registry source reports; a `reset` replaces all that it said before, with the
 * same objects where nothing has changed.
 */
export type SourceChange =
  | { readonly type: 'reset'; readonly services: readonly Service[] }
  | ({ readonly type: 'upsert'; readonly service: Service } & Departed)
  | ({ readonly type: 'remove'; readonly name: string } & Departed);

interface Departed {
  /** Why endpoints that were there before have gone, by id; `unknown` of those that aren't named. */
  readonly departed?: ReadonlyMap<string, Departure>;
}

/** Something in a registry that could not be used, and why. The rest of the registry is unaffected. */
export interface Problem {
  /** Absolute znode path; elsewhere what the platform calls it: `Service shop/web`. */
  readonly path: string;
  readonly code:
    | 'malformed'
    | 'too-large'
    | 'bad-address'
    | 'unreadable'
    /** It is usable, but what it offers is not known. */
    | 'incomplete'
    /** It is read, but what it asks for is not done here, or not all of it. */
    | 'not-applied';
  /** A sentence for people. */
  readonly message: string;
  /** Names that services may have which it is of, in whole or to the first colon, where its path doesn't tell. */
  readonly services?: readonly string[];
}

/** Whether what a source says is current. */
export type SourceState =
  /** Nothing complete has been read yet. */
  | { readonly type: 'starting' }
  /** Read completely and watched. */
  | { readonly type: 'live' }
  /** The connection is away: the last complete read is still served. `since`: milliseconds since the epoch. */
  | { readonly type: 'stale'; readonly since: number };

/** A registry that the catalog reads. */
export interface RegistrySource {
  /** Unique among the sources of a control plane. */
  readonly name: string;
  readonly state: SourceState;
  /** What it could not use, by path. */
  readonly problems: ReadonlyMap<string, Problem>;
  /**
   * The source's changes, beginning with a complete `reset`, and with another after any gap. Ends
   * when the signal aborts. One consumer.
   */
  changes(signal: AbortSignal): AsyncIterable<SourceChange>;
}
