import type { TrustPolicy } from './lease/trust.ts';

/** What the recipes that grant leases take. */
export interface RecipeOptions {
  /** When a lease is no longer trusted. Default `standard`. */
  readonly policy?: TrustPolicy;
  /**
   * The ensemble's generation, which fencing tokens begin with: raise it whenever zxids may go back,
   * by a move to another ensemble or by a restored backup. Default 0.
   */
  readonly generation?: bigint;
  /** What a holder's or waiter's znode says of it. Default: this machine's address, as Curator. */
  readonly data?: string;
}
