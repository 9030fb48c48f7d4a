import { withinTime } from '../lease/acquire-options.ts';
import { type JointLease, joinLeases, releaseAll } from '../lease/joint-lease.ts';
import type { Lease } from '../lease/lease.ts';
import type { Lock, MutexAcquireOptions } from '../lease/lock.ts';
import { RecipeError } from '../recipe-error.ts';

/**
 * Several locks as one, of any kinds and clients: all are held or none. They are acquired in the
 * order given: who shares some of them must give those in the same order, or both wait for ever.
 * Curator's `InterProcessMultiLock`.
 */
export class MultiLock implements Lock {
  readonly #locks: readonly Lock[];

  /** @throws RecipeError ILLEGAL_STATE when there is no lock among them */
  constructor(locks: readonly Lock[]) {
    if (locks.length === 0)
      throw new RecipeError('ILLEGAL_STATE', 'a MultiLock needs one lock at least');
    this.#locks = [...locks];
  }

  /**
   * Waits for all of them; `timeout` is for all together. When one can't be had, or one that was had
   * is lost meanwhile, the ones before are given back.
   * @throws RecipeError TIMEOUT; what its locks throw; why a part was lost; the signal's reason
   */
  acquire(options: MutexAcquireOptions = {}): Promise<JointLease> {
    const { owner } = options;
    return withinTime(options, `${this.#locks.length} locks`, async (signal) => {
      const parts: Lease[] = [];
      try {
        for (const lock of this.#locks) {
          const ends = parts.map((part) => part.signal);
          const end = AbortSignal.any(signal === undefined ? ends : ends.concat(signal));
          parts.push(await lock.acquire({ owner, signal: end }));
        }
        const [first, ...others] = parts;
        return joinLeases([first!, ...others]);
      } catch (error) {
        // In the background: who gives up does not wait for a connection.
        void releaseAll(parts).catch(() => {});
        throw error;
      }
    });
  }
}
