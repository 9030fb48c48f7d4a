import type { Fencing } from '../lease/fencing.ts';
import type { Lease } from '../lease/lease.ts';

/**
 * The right to work on a partition. When another worker is to have it, `leaving` aborts: end the work
 * and `release()`; until then nobody else gets it.
 */
export class PartitionLease implements Lease {
  /** The partition's name. */
  readonly partition: string;
  readonly #lease: Lease;
  readonly #leaving = new AbortController();

  constructor(partition: string, lease: Lease) {
    this.partition = partition;
    this.#lease = lease;
    const leave = () => this.leave(lease.signal.reason);
    lease.signal.addEventListener('abort', leave, { once: true });
    if (lease.signal.aborted) leave();
  }

  get path(): string {
    return this.#lease.path;
  }

  get fencing(): Fencing {
    return this.#lease.fencing;
  }

  /** Aborts when the partition is no longer ours: stop at once. */
  get signal(): AbortSignal {
    return this.#lease.signal;
  }

  /** Aborts when somebody asks for the lock by hand; the partitioner doesn't. */
  get revocation(): AbortSignal {
    return this.#lease.revocation;
  }

  /** Aborts when the partition is to be handed over, and when it is lost. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** For the partitioner: asks for the hand-over. */
  leave(reason: unknown): void {
    this.#leaving.abort(reason);
  }

  /** Hands the partition over. Idempotent. */
  async release(): Promise<void> {
    await this.#lease.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
