import type { Standing } from '../convergence/standing.ts';

/** Where the replicas of the control plane are told: an ephemeral znode each, by its id. */
export const MEMBERS = '/meshkeeper/members';

/** Data planes that are named in a statement, at most: as behind, and as newly arrived. */
export const NAMED = 20;

/** A data plane that lacks the newest policies of its replica. */
export interface BehindProxy {
  readonly id: string;
  readonly state: Extract<Standing['type'], 'pending' | 'rejected'>;
  /** The revision of the policies that it has; undefined when it never had everything. */
  readonly policies?: number | undefined;
  /** The resource that it rejects, in its words, and the first revision of the policies that it lacks for it. */
  readonly refused?:
    | {
        readonly typeUrl: string;
        readonly name: string;
        readonly message: string;
        readonly since?: number | undefined;
      }
    | undefined;
}

/** How the data planes of a replica stand to what sources have of policies. */
export interface SourcedStatement {
  /** Tells what is served of them from what was, in all replicas alike. */
  readonly digest: string;
  readonly pending: number;
  readonly rejected: number;
  /** Some of those that reject it, each with what it says. */
  readonly words: readonly string[];
}

/**
 * What a replica says of its data planes. Revisions are those of the policies, which are the same for
 * all replicas; what concerns endpoints alone is not in it.
 */
export interface Statement {
  readonly host: string;
  /** When it was started: milliseconds since the epoch. */
  readonly since: number;
  /** What it serves; undefined before it serves anything. */
  readonly policies?: number | undefined;
  /** What all of its data planes have applied; undefined while one has never had everything. */
  readonly applied?: number | undefined;
  /** Data planes that are connected, and those of them that lack `policies`, by why. */
  readonly counts: {
    readonly connected: number;
    readonly pending: number;
    readonly rejected: number;
  };
  /** What it serves of the policies that sources have, and who lacks that; undefined when there are none. */
  readonly sourced?: SourcedStatement | undefined;
  /** Some of those that lack `policies`, the rejecting ones first. */
  readonly behind: readonly BehindProxy[];
  /** Who connected last: one that went away from another replica is found here. */
  readonly arrived: readonly string[];
}
