/** What changes. */
export const EVENT_KINDS = ['service', 'policies', 'proxies', 'configuration', 'locks'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Something that has changed. */
export interface BusEvent {
  /** Grows by one with each. */
  readonly number: number;
  readonly kind: EventKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** All that the catalog has changed up to it was told with this, or before. */
  readonly revision: number;
  /** What JSON can hold. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Events that are remembered for those who come back, or are slow. */
const REMEMBERED = 10_000;

/**
 * What changes, for all who follow: those who fall behind by more than is remembered are told that
 * they have missed something. Nobody is waited for.
 */
export class EventBus {
  /** Names this process: the numbers of another are not these. */
  readonly run: string;
  readonly #now: () => number;
  #events: BusEvent[] = [];
  #last = 0;
  #revision = 0;
  #waiting = new Set<() => void>();

  constructor(run: string, now: () => number = Date.now) {
    this.run = run;
    this.#now = now;
  }

  /** The number of the newest event; 0 before any. */
  get last(): number {
    return this.#last;
  }

  /** The catalog's revision all of whose changes, and of those before it, were told; 0 before any. */
  get revision(): number {
    return this.#revision;
  }

  /** @param revision of the catalog, with the last event that it takes to tell of it */
  publish(kind: EventKind, data: BusEvent['data'], revision = this.#revision): void {
    this.#revision = revision;
    this.#events.push({ number: ++this.#last, kind, at: this.#now(), revision, data });
    if (this.#events.length > 1.25 * REMEMBERED) this.#events = this.#events.slice(-REMEMBERED);
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  /** Those after a number; undefined when some of them are forgotten. */
  since(number: number): readonly BusEvent[] | undefined {
    const first = this.#events[0]?.number ?? this.#last + 1;
    if (number > this.#last || number + 1 < first) return undefined;
    return this.#events.slice(number + 1 - first);
  }

  /**
   * What comes after a number, as it comes: all that came while the reader was busy at once, or
   * undefined when it was too much. Ends when the signal aborts.
   */
  async *follow(
    number: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly BusEvent[] | undefined, void, void> {
    let seen = number;
    while (!signal.aborted) {
      const events = this.since(seen);
      if (events === undefined || events.length > 0) {
        seen = this.#last;
        yield events;
      } else await this.#next(signal);
    }
  }

  async #next(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}
