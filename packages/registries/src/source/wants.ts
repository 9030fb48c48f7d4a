import type { Want } from '../dialect.ts';

/** Fetched at once. */
const CONCURRENCY = 8;
/** How long one may take, in milliseconds. */
const TIMEOUT = 5_000;
/** Until what failed is tried again, in milliseconds; twice as long after each failure. */
const RETRY = 1_000;
const MAX_RETRY = 60_000;

/** What is known of a want. */
interface Entry {
  want: Want;
  state: 'waiting' | 'underway' | 'done' | 'failed';
  failures: number;
  timer?: NodeJS.Timeout;
}

/** Fetches what a reading wants, each once, a few at a time, and again later where it failed. */
export class Wants {
  readonly #changed: (services: Iterable<string>) => void;
  readonly #entries = new Map<string, Entry>();
  #stop = new AbortController();
  #queue: string[] = [];
  #underway = 0;

  /**
   * `changed` is told of the services that something fetched has changed, and of none when it could
   * not be had.
   */
  constructor(changed: (services: Iterable<string>) => void) {
    this.#changed = changed;
  }

  /** Says all that is wanted now; what isn't wanted any more is forgotten. */
  look(wants: Iterable<Want>): void {
    const wanted = new Set<string>();
    for (const want of wants) {
      wanted.add(want.key);
      const entry = this.#entries.get(want.key);
      if (entry !== undefined) entry.want = want;
      else {
        this.#entries.set(want.key, { want, state: 'waiting', failures: 0 });
        this.#queue.push(want.key);
      }
    }
    for (const [key, { timer }] of this.#entries)
      if (!wanted.has(key)) {
        clearTimeout(timer);
        this.#entries.delete(key);
      }
    this.#next();
  }

  /** Whether all that is wanted was fetched, or has failed to be at least once. */
  get settled(): boolean {
    for (const { state, failures } of this.#entries.values())
      if (state !== 'done' && failures === 0) return false;
    return true;
  }

  /** Ends all that is under way; it can be begun again. */
  stop(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    for (const { timer } of this.#entries.values()) clearTimeout(timer);
    this.#entries.clear();
    this.#queue = [];
  }

  #next(): void {
    while (this.#underway < CONCURRENCY) {
      const key = this.#queue.shift();
      if (key === undefined) return;
      const entry = this.#entries.get(key);
      if (entry?.state !== 'waiting') continue;
      entry.state = 'underway';
      this.#underway++;
      void this.#fetch(key, entry).finally(() => {
        this.#underway--;
        this.#next();
      });
    }
  }

  async #fetch(key: string, entry: Entry): Promise<void> {
    const { signal } = this.#stop;
    try {
      const take = await entry.want.fetch(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]));
      if (signal.aborted || this.#entries.get(key) !== entry) return;
      entry.state = 'done';
      this.#changed(take());
    } catch {
      if (signal.aborted || this.#entries.get(key) !== entry) return;
      entry.state = 'failed';
      const wait = Math.min(MAX_RETRY, RETRY * 2 ** entry.failures++);
      // Jittered: what failed together is not tried again together.
      entry.timer = setTimeout(
        () => {
          entry.state = 'waiting';
          this.#queue.push(key);
          this.#next();
        },
        wait * (0.75 + Math.random() / 2),
      ).unref();
      this.#changed([]);
    }
  }
}
