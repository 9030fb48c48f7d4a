import type { MeshElection, MeshLease } from './lease.ts';

/** The leases and candidacies that there are, to be given up together. */
export class Held {
  readonly #all = new Map<object, () => Promise<void>>();

  /** Takes note of a lease, until it is gone. */
  lease<L extends MeshLease>(lease: L): L {
    if (lease.signal.aborted) return lease;
    this.#all.set(lease, () => lease.release());
    lease.signal.addEventListener('abort', () => this.#all.delete(lease), { once: true });
    return lease;
  }

  /** Takes note of a candidacy, until it is {@link closed}. */
  election<E extends MeshElection>(election: E): E {
    this.#all.set(election, () => election.close());
    return election;
  }

  /** A candidacy was closed. */
  closed(election: MeshElection): void {
    this.#all.delete(election);
  }

  /** Gives up all of them. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#all.values(), (end) => end()));
  }
}
