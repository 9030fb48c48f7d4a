import { Bell } from './bell.ts';

/** A value that changes, for many observers: each sees the latest, not every one in between. */
export class Latest<T> {
  readonly #bells = new Set<Bell>();
  #value: T;
  #end: { readonly error?: unknown } | undefined;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (this.#end !== undefined || value === this.#value) return;
    this.#value = value;
    this.#ring();
  }

  /** The observers end once they have seen the last value; with an error, they throw it. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#ring();
  }

  /** The value now and whenever it has changed, until the end or the signal. */
  async *values(signal?: AbortSignal): AsyncGenerator<T, void, void> {
    const bell = new Bell();
    this.#bells.add(bell);
    try {
      for (let seen: { value: T } | undefined; signal?.aborted !== true; ) {
        if (seen === undefined || seen.value !== this.#value) {
          seen = { value: this.#value };
          yield seen.value;
        } else if (this.#end !== undefined) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        } else await bell.rung(signal).catch(() => {});
      }
    } finally {
      this.#bells.delete(bell);
    }
  }

  #ring(): void {
    for (const bell of this.#bells) bell.ring();
  }
}
