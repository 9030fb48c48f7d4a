import { RecipeError } from '../recipe-error.ts';
import type { Lease } from './lease.ts';
import type { MutexAcquireOptions } from './lock.ts';
import { withSignal } from './with-signal.ts';

interface Holding {
  readonly lease: Lease;
  count: number;
}

/** Which owners hold a lock, and how often each has entered it. */
export class Holdings {
  readonly #held = new Map<unknown, Holding>();
  readonly #asking = new Map<unknown, Promise<unknown>>();

  /**
   * The lease that this owner can enter again; undefined if it has none.
   * @throws RecipeError ILLEGAL_STATE when its lease was suspended: the znode may still be there, and
   * it would wait for itself
   */
  of(owner: unknown): Lease | undefined {
    return this.#holding(owner)?.lease;
  }

  /**
   * Enters for an owner: at once if it holds the lock, else after `queue` has got the lease. What one
   * owner asks for at the same time is asked for once.
   */
  async enter({ owner, signal }: MutexAcquireOptions, queue: () => Promise<Lease>): Promise<Lease> {
    if (owner === undefined) return queue();
    for (;;) {
      const held = this.#holding(owner);
      if (held !== undefined) return this.#entered(owner, held);
      const asking = this.#asking.get(owner);
      if (asking === undefined) break;
      await withSignal(
        asking.catch(() => {}),
        signal,
      );
    }
    const asking = queue();
    this.#asking.set(owner, asking);
    try {
      const holding = { lease: await asking, count: 0 };
      this.#held.set(owner, holding);
      return this.#entered(owner, holding);
    } finally {
      this.#asking.delete(owner);
    }
  }

  #holding(owner: unknown): Holding | undefined {
    const holding = owner === undefined ? undefined : this.#held.get(owner);
    if (holding === undefined || !holding.lease.signal.aborted) return holding;
    const cause: unknown = holding.lease.signal.reason;
    if (cause instanceof RecipeError && cause.code === 'SUSPENDED')
      throw new RecipeError(
        'ILLEGAL_STATE',
        `this owner's lease ${holding.lease.path} can't be trusted any more: release it first`,
        { cause },
      );
    return undefined;
  }

  /** A lease of its own for each entry: the last one that is released gives the lock back. */
  #entered(owner: unknown, holding: Holding): Lease {
    const { lease } = holding;
    holding.count++;
    let released: Promise<void> | undefined;
    const release = () => {
      released ??= (async () => {
        if (--holding.count > 0) return;
        if (this.#held.get(owner) === holding) this.#held.delete(owner);
        await lease.release();
      })();
      return released;
    };
    const { path, fencing, signal, revocation } = lease;
    return { path, fencing, signal, revocation, release, [Symbol.asyncDispose]: release };
  }
}
