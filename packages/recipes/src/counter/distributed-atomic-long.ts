import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { RecipeError } from '../recipe-error.ts';
import { read, replace, type SignalOption } from './versioned-value.ts';

/** A change to a number: what it was before and after. */
export interface AtomicChange {
  readonly before: bigint;
  readonly after: bigint;
}

/**
 * A signed 64-bit number shared by all clients of the ensemble; a missing znode is 0. Changes are
 * optimistic: a change that somebody was faster than is tried again, without end. Results wrap
 * around as Java's do. Shared with Curator's `DistributedAtomicLong` on the same path.
 *
 * Every change happens once or not at all. If the connection breaks at a bad moment, it can't always
 * be told which: then the call fails with CONNECTION_LOSS. `IdempotentCounter` always can.
 */
export class DistributedAtomicLong {
  readonly path: string;
  readonly #zk: ZooKeeper;

  constructor(zk: ZooKeeper, path: string) {
    this.#zk = zk;
    this.path = path;
  }

  /** @throws RecipeError MALFORMED when the znode isn't 8 bytes long */
  async get({ signal }: SignalOption = {}): Promise<bigint> {
    return decodeLong(this.path, (await read(this.#zk, this.path, signal)).data);
  }

  /** Creates the znode with a value if there is none; false when there is one. */
  async initialize(value: bigint, { signal }: SignalOption = {}): Promise<boolean> {
    const missing = { data: undefined, version: -1 };
    return replace(this.#zk, this.path, missing, encodeLong(value), signal);
  }

  /**
   * Sets the value if it is `expected`; false when it isn't, and when somebody changes it meanwhile.
   * A missing znode is no value, as in Curator.
   */
  async compareAndSet(
    expected: bigint,
    value: bigint,
    { signal }: SignalOption = {},
  ): Promise<boolean> {
    const before = await read(this.#zk, this.path, signal);
    if (before.data === undefined || decodeLong(this.path, before.data) !== expected) return false;
    return replace(this.#zk, this.path, before, encodeLong(value), signal);
  }

  /** Sets the value only if nobody changes it meanwhile: one try. */
  async trySet(value: bigint, { signal }: SignalOption = {}): Promise<boolean> {
    const before = await read(this.#zk, this.path, signal);
    return replace(this.#zk, this.path, before, encodeLong(value), signal);
  }

  /** Sets the value, whatever it is. */
  async set(value: bigint, options: SignalOption = {}): Promise<AtomicChange> {
    return this.update(() => value, options);
  }

  async add(delta: bigint, options: SignalOption = {}): Promise<AtomicChange> {
    return this.update((before) => before + delta, options);
  }

  async increment(options: SignalOption = {}): Promise<AtomicChange> {
    return this.add(1n, options);
  }

  async decrement(options: SignalOption = {}): Promise<AtomicChange> {
    return this.add(-1n, options);
  }

  /** Changes the value by a function, which is called again when somebody was faster. */
  async update(
    change: (before: bigint) => bigint,
    { signal }: SignalOption = {},
  ): Promise<AtomicChange> {
    for (;;) {
      const found = await read(this.#zk, this.path, signal);
      const before = decodeLong(this.path, found.data);
      const after = BigInt.asIntN(64, change(before));
      if (await replace(this.#zk, this.path, found, encodeLong(after), signal))
        return { before, after };
    }
  }
}

/** 8 bytes, big-endian; numbers out of range wrap around. */
export function encodeLong(value: bigint): Buffer {
  const data = Buffer.alloc(8);
  data.writeBigInt64BE(BigInt.asIntN(64, value));
  return data;
}

/** A missing znode is 0, and so is one without data, as in Curator. */
export function decodeLong(path: string, data: Buffer | undefined): bigint {
  if (data === undefined || data.length === 0) return 0n;
  if (data.length === 8) return data.readBigInt64BE();
  throw new RecipeError('MALFORMED', `${path} has ${data.length} bytes, not the 8 of a number`);
}
