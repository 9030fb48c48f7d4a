import type { Service } from './service.ts';

/** A change that a registry source reports; a `reset` replaces all that it said before. */
export type SourceChange =
  | { readonly type: 'reset'; readonly services: readonly Service[] }
  | { readonly type: 'upsert'; readonly service: Service }
  | { readonly type: 'remove'; readonly name: string };

/** Something in a registry that could not be used, and why. The rest of the registry is unaffected. */
export interface Problem {
  /** Absolute znode path. */
  readonly path: string;
  readonly code: 'malformed' | 'too-large' | 'bad-address' | 'unreadable';
  /** A sentence for people. */
  readonly message: string;
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
