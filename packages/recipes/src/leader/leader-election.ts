import { randomUUID } from 'node:crypto';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { type AcquireOptions, withinTime } from '../lease/acquire-options.ts';
import type { Lease } from '../lease/lease.ts';
import { Mutex } from '../mutex/mutex.ts';
import { RecipeError } from '../recipe-error.ts';
import type { RecipeOptions } from '../recipe-options.ts';
import { renewed } from '../znode/across-sessions.ts';
import { leader, type Participant, participants } from './participant.ts';

const LOCK = 'lock-';

/** What `LeaderElection` takes. */
export interface LeaderElectionOptions extends Omit<RecipeOptions, 'data'> {
  /** What the others see this candidate as. Default: a random UUID. */
  readonly id?: string;
}

/** What a leader does; it ends when the lease's signal aborts. */
export type Reign<T> = (lease: Lease) => Promise<T> | T;

/**
 * Runs a function as leader: the candidates' functions run one at a time, in the order in which they
 * queued. Shared with Curator's `LeaderSelector` on the same path.
 */
export class LeaderElection {
  readonly path: string;
  readonly id: string;
  readonly #zk: ZooKeeper;
  readonly #mutex: Mutex;

  constructor(zk: ZooKeeper, path: string, options: LeaderElectionOptions = {}) {
    const { id = randomUUID(), ...rest } = options;
    this.#zk = zk;
    this.path = path;
    this.id = id;
    this.#mutex = new Mutex(zk, path, { ...rest, data: id });
  }

  /**
   * Waits for leadership, runs `reign`, gives leadership back when it has settled and resolves with
   * its result. It has to end when the lease's signal aborts: until then nobody else leads, unless
   * the session is gone.
   * @throws what `reign` throws; RecipeError TIMEOUT; the signal's reason if it aborts before
   */
  async run<T>(reign: Reign<T>, options: AcquireOptions = {}): Promise<T> {
    await using lease = await this.#elected(options);
    return await reign(lease);
  }

  /**
   * Stands again at the end of the queue whenever a reign has ended, until the signal aborts; a
   * reign that runs then must end by itself or by that signal. Curator's `autoRequeue`.
   * @throws what `reign` throws while its lease can be trusted
   */
  async runAlways(reign: Reign<void>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      let lease: Lease;
      try {
        lease = await this.#elected({ signal });
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      try {
        await reign(lease);
      } catch (error) {
        if (!lease.signal.aborted && !signal.aborted) throw error;
      } finally {
        await lease.release();
      }
    }
  }

  /** Who leads now, as ZooKeeper has it. */
  async leader({
    signal,
  }: {
    readonly signal?: AbortSignal;
  } = {}): Promise<Participant | undefined> {
    return leader(this.#zk, this.path, LOCK, signal);
  }

  /** All who stand, in the order in which they will lead. */
  async participants({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Participant[]> {
    return participants(this.#zk, this.path, LOCK, signal);
  }

  /** A candidate whose session expires while it waits queues again, with a client that renews it. */
  async #elected(options: AcquireOptions): Promise<Lease> {
    return withinTime(options, `leadership of ${this.path}`, async (signal) => {
      for (;;) {
        try {
          return await this.#mutex.acquire({ signal });
        } catch (error) {
          const isLost = error instanceof RecipeError && error.code === 'LOST';
          if (!isLost && !isZooKeeperError(error, 'SESSION_EXPIRED')) throw error;
          await renewed(this.#zk, signal);
        }
      }
    });
  }
}
