import {
  formatFencing,
  LeaderLatch,
  type Lease,
  Mutex,
  type QueueKind,
  queuePath,
  RecipeError,
} from '@meshkeeper/recipes';
import { isZooKeeperError, type ZooKeeper } from '@meshkeeper/zookeeper';
import { SdkError } from '../sdk-error.ts';
import { Held } from './held.ts';
import type { LeaseOptions, Leases, MeshElection, MeshLease } from './lease.ts';

/** Locks and elections straight on ZooKeeper; a name that begins with `/` is the recipe's own path. */
export function zooKeeperLeases(zk: ZooKeeper, holder: string): Leases {
  const held = new Held();
  return {
    async lock(name, { wait, signal }) {
      const mutex = new Mutex(zk, pathOf('lock', name), { data: holder });
      const lease = await translated(() => mutex.acquire({ timeout: wait, signal }));
      return held.lease(new RecipeLease(name, lease));
    },
    elect(name) {
      const latch = new LeaderLatch(zk, pathOf('election', name), { id: holder });
      return held.election(new LatchElection(name, latch, held));
    },
    close: () => held.close(),
  };
}

function pathOf(kind: QueueKind, name: string): string {
  try {
    return queuePath(kind, name);
  } catch (cause) {
    if (!isZooKeeperError(cause, 'INVALID_ARGUMENT')) throw cause;
    throw new SdkError('INVALID_ARGUMENT', cause.message, { cause });
  }
}

/** A lease of a recipe, with what it is aborted with in words of this package. */
class RecipeLease implements MeshLease {
  readonly name: string;
  readonly fencing: string;
  readonly signal: AbortSignal;
  readonly #lease: Lease;

  constructor(name: string, lease: Lease) {
    const lost = new AbortController();
    const tell = () => lost.abort(inWords(lease.signal.reason, 'LOST'));
    if (lease.signal.aborted) tell();
    else lease.signal.addEventListener('abort', tell, { once: true });
    this.name = name;
    this.fencing = formatFencing(lease.fencing);
    this.signal = lost.signal;
    this.#lease = lease;
  }

  release(): Promise<void> {
    return this.#lease.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

class LatchElection implements MeshElection {
  readonly name: string;
  readonly #latch: LeaderLatch;
  readonly #held: Held;
  readonly #leases = new WeakMap<Lease, MeshLease>();

  constructor(name: string, latch: LeaderLatch, held: Held) {
    this.#held = held;
    this.name = name;
    this.#latch = latch;
  }

  get lease(): MeshLease | undefined {
    return this.#of(this.#latch.lease);
  }

  async lead({ wait, signal }: Pick<LeaseOptions, 'wait' | 'signal'> = {}): Promise<MeshLease> {
    const lease = await translated(() => this.#latch.lead({ timeout: wait, signal }));
    return this.#of(lease);
  }

  async *changes({
    signal,
  }: {
    readonly signal?: AbortSignal | undefined;
  } = {}): AsyncGenerator<MeshLease | undefined> {
    for await (const lease of this.#latch.changes(signal && { signal })) yield this.#of(lease);
  }

  close(): Promise<void> {
    this.#held.closed(this);
    return this.#latch.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #of(lease: Lease): MeshLease;
  #of(lease: Lease | undefined): MeshLease | undefined;
  #of(lease: Lease | undefined): MeshLease | undefined {
    if (lease === undefined) return undefined;
    const known = this.#leases.get(lease) ?? new RecipeLease(this.name, lease);
    this.#leases.set(lease, known);
    return known;
  }
}

async function translated<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    throw inWords(error, 'REFUSED');
  }
}

const CODES = { TIMEOUT: 'TIMEOUT', LOST: 'LOST', ILLEGAL_STATE: 'CLOSED' } as const;

function inWords(error: unknown, other: 'LOST' | 'REFUSED'): SdkError {
  const told = error instanceof RecipeError ? error : undefined;
  const code = CODES[told?.code as keyof typeof CODES] ?? other;
  return new SdkError(code, told?.message ?? String(error), { cause: error });
}
