import { timingSafeEqual } from 'node:crypto';
import { ExpiryBuckets } from './expiry-buckets.ts';

/** What of a session outlives the server process. */
export interface StoredSession {
  readonly id: bigint;
  /** Granted timeout in milliseconds. */
  readonly timeout: number;
  /** 16 random bytes; who knows them may take the session over. */
  readonly password: Buffer;
}

/**
 * The live sessions. Which sessions there are is part of the replicated state (`open` and `close`
 * come from transactions); when they expire is not, and starts anew with the process.
 */
export class SessionTable {
  readonly #sessions = new Map<bigint, StoredSession>();
  readonly #expiry: ExpiryBuckets<bigint>;
  #lastId = 0n;

  /** `tick` is the granularity of expiry in milliseconds. */
  constructor(tick: number) {
    this.#expiry = new ExpiryBuckets(tick);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The highest id that was ever given. */
  get lastId(): bigint {
    return this.#lastId;
  }

  set lastId(id: bigint) {
    if (id > this.#lastId) this.#lastId = id;
  }

  [Symbol.iterator](): IterableIterator<StoredSession> {
    return this.#sessions.values();
  }

  get(id: bigint): StoredSession | undefined {
    return this.#sessions.get(id);
  }

  open(session: StoredSession): void {
    this.#sessions.set(session.id, session);
    this.lastId = session.id;
  }

  close(id: bigint): void {
    this.#sessions.delete(id);
    this.#expiry.delete(id);
  }

  clear(): void {
    for (const id of [...this.#sessions.keys()]) this.close(id);
  }

  /** The session, if it lives and the password is its own. */
  authenticate(id: bigint, password: Buffer | null): StoredSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || password?.length !== session.password.length) return undefined;
    return timingSafeEqual(password, session.password) ? session : undefined;
  }

  /** Notes a sign of life: the session now lasts for another timeout. */
  touch(id: bigint, now: number): void {
    const session = this.#sessions.get(id);
    if (session) this.#expiry.extend(id, now, session.timeout);
  }

  /** Gives every session a whole timeout from now: after a start nobody had a chance to ping. */
  touchAll(now: number): void {
    for (const { id, timeout } of this.#sessions.values()) this.#expiry.extend(id, now, timeout);
  }

  /** Sessions whose time is over. They stay until their `close`, which is a transaction. */
  expired(now: number): bigint[] {
    return this.#expiry.expire(now);
  }
}
