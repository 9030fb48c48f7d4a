import type { SignalOption } from '../stream/within.ts';

/** How a lock, or leadership, is asked for. Times in milliseconds. */
export interface LeaseOptions extends SignalOption {
  /**
   * For how long a lease that is not kept alive is still held. Over ZooKeeper that is the session's timeout, and this
   * is left aside. Default 15,000.
   */
  readonly ttl?: number;
  /** How long to wait at most. Default: as long as it takes. */
  readonly wait?: number;
}

/**
 * The right to do something alone, for as long as `signal` has not aborted. What it can't promise: a process that is
 * paused doesn't notice that it has lost a lease. The resource must refuse old `fencing` tokens.
 */
export interface MeshLease extends AsyncDisposable {
  readonly name: string;
  /** Grows with each lease of the same name; `parseFencing` of the recipes reads it. */
  readonly fencing: string;
  /** Aborted with an `SdkError` LOST the moment that the lease can't be trusted any more. */
  readonly signal: AbortSignal;
  /** Gives it back. Idempotent. */
  release(): Promise<void>;
}

/** Stands for leader from its beginning to `close`. */
export interface MeshElection extends AsyncDisposable {
  readonly name: string;
  /** The present leadership of this process; undefined while others lead. */
  readonly lease: MeshLease | undefined;
  /** Waits until this process leads. @throws SdkError TIMEOUT, CLOSED; the signal's reason */
  lead(options?: Pick<LeaseOptions, 'wait' | 'signal'>): Promise<MeshLease>;
  /** The lease when leadership was won, undefined when it was lost; the present state first. */
  changes(options?: SignalOption): AsyncIterable<MeshLease | undefined>;
  /** Steps down and stands no longer. Idempotent. */
  close(): Promise<void>;
}

/** Where leases are had. */
export interface Leases {
  lock(name: string, options: LeaseOptions): Promise<MeshLease>;
  elect(name: string, options: Pick<LeaseOptions, 'ttl'>): MeshElection;
  /** Gives back what is held, and stands for nothing any more. Idempotent. */
  close(): Promise<void>;
}
