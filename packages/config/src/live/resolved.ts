import type { Instance } from '../model/gray.ts';
import type { NamespaceRef } from '../model/names.ts';
import type { Resolution } from '../model/resolve.ts';

/** Who asks for what. */
export interface ResolveRequest {
  readonly application: string;
  /** The later ones are stronger. */
  readonly profiles?: readonly string[];
  readonly instance?: Instance;
}

/** A layer that there is, of those that an application is made of. */
export interface ResolvedLayer extends NamespaceRef {
  readonly release: number;
  readonly gray?: string;
}

/** What an instance gets now. */
export interface Resolved extends Resolution {
  readonly application: string;
  readonly profiles: readonly string[];
  /** The newest transaction that is seen here. */
  readonly revision: bigint;
  /** ZooKeeper is away: there may be something newer. */
  readonly stale: boolean;
  /** The strongest first. */
  readonly layers: readonly ResolvedLayer[];
}
