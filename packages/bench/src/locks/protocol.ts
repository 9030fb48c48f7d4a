/**
 * What is said between the bench and a process that has a language's mutex, a line of JSON each. The
 * process says `{"ready":true}` once its sessions are connected, and answers every {@link Step} with a
 * {@link Result}. The end of its input ends it. Its arguments: the server, the znode for its mutexes.
 */
export interface Step {
  /**
   * `alone`: one session acquires and releases a mutex that nobody else wants, again and again.
   * `queue`: {@link CONTENDERS} sessions do so with one mutex, so that it is handed over each time.
   */
  readonly operation: 'alone' | 'queue';
  /** Acquisitions until the end. */
  readonly count: number;
}

/** What a step took. */
export interface Result {
  readonly seconds: number;
  /** CPU seconds of the whole process, user and system. */
  readonly cpu: number;
  /** Of `queue`: milliseconds from each call of release to the next acquisition. */
  readonly handOvers: readonly number[];
}

/** Sessions that want the same mutex, each with its own connection. */
export const CONTENDERS = 16;
