import { BackOff, type BackOffOptions } from './back-off.ts';

/** What a queue does, and how. */
export interface WorkQueueOptions {
  /**
   * Brings what the key names to where it should be, by what is true now. One that throws is tried
   * again, after a pause.
   */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  /** Told of each failure; `pause` is how long it is until the next try, in milliseconds. */
  readonly failed?: ((key: string, error: unknown, pause: number) => void) | undefined;
  /** Keys that are worked on at a time. Default 1. */
  readonly concurrency?: number | undefined;
  readonly backOff?: BackOffOptions | undefined;
}

/**
 * A queue of keys, not of events: however often a key is added, it is worked on once, and once more
 * when it was added meanwhile; never twice at a time. A failure waits for its pause alone, and an
 * addition does not shorten it.
 */
export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Set<string>();
  readonly #pauses = new Map<string, NodeJS.Timeout>();
  readonly #backOffs = new Map<string, BackOff>();
  readonly #stop = new AbortController();
  #idle = Promise.withResolvers<void>();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#idle.resolve();
  }

  /** Keys that are not done: they wait, are worked on, or pause after a failure. */
  get size(): number {
    return this.#waiting.size + this.#running.size + this.#pauses.size;
  }

  /** Keys whose last try failed. */
  get failing(): number {
    return this.#backOffs.size;
  }

  add(key: string): void {
    if (this.#stop.signal.aborted || this.#pauses.has(key)) return;
    if (this.size === 0) this.#idle = Promise.withResolvers();
    if (this.#running.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#start();
  }

  /** Tries all that pauses after a failure at once: what it failed for may be over. */
  retry(): void {
    for (const [key, timer] of this.#pauses) {
      clearTimeout(timer);
      this.#pauses.delete(key);
      this.#waiting.add(key);
    }
    this.#start();
  }

  /** Resolves when nothing is left to do, failures included. */
  idle(): Promise<void> {
    return this.#idle.promise;
  }

  /** Ends it; resolves when what was being worked on has ended. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#pauses.values()) clearTimeout(timer);
    this.#pauses.clear();
    this.#waiting.clear();
    this.#again.clear();
    this.#settle();
    await this.#idle.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= (this.#options.concurrency ?? 1)) return;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const { work, failed } = this.#options;
    const { signal } = this.#stop;
    try {
      await work(key, signal);
      this.#backOffs.delete(key);
    } catch (error) {
      if (!signal.aborted) {
        const pause = this.#pauseAfter(key, error);
        failed?.(key, error, pause);
      }
    }
    this.#running.delete(key);
    const again = this.#again.delete(key);
    if (again && !this.#pauses.has(key) && !signal.aborted) this.#waiting.add(key);
    this.#start();
    this.#settle();
  }

  #pauseAfter(key: string, error: unknown): number {
    const backOff = this.#backOffs.get(key) ?? new BackOff(this.#options.backOff);
    this.#backOffs.set(key, backOff);
    const pause = backOff.next(retryAfterOf(error));
    this.#pauses.set(
      key,
      setTimeout(() => {
        this.#pauses.delete(key);
        this.#waiting.add(key);
        this.#start();
      }, pause),
    );
    return pause;
  }

  #settle(): void {
    if (this.size === 0) this.#idle.resolve();
  }
}

/** How long the other side wants to be left alone, in milliseconds. */
function retryAfterOf(error: unknown): number {
  const told =
    typeof error === 'object' && error !== null && 'retryAfter' in error ? error.retryAfter : 0;
  return typeof told === 'number' ? told : 0;
}
