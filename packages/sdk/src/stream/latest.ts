/** A value that changes, for many observers: each sees the latest one, not every one in between. */
export class Latest<T> {
  readonly #same: (a: T, b: T) => boolean;
  readonly #waiting = new Set<() => void>();
  #value: T;
  #ended = false;

  constructor(value: T, same: (a: T, b: T) => boolean = Object.is) {
    this.#value = value;
    this.#same = same;
  }

  get value(): T {
    return this.#value;
  }

  /** Sets it; true when it is another one. */
  set(value: T): boolean {
    if (this.#ended || this.#same(value, this.#value)) return false;
    this.#value = value;
    this.#wake();
    return true;
  }

  /** The observers end once they have seen the last value. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The value now, and whenever it has changed, until the end or the signal. */
  async *values(signal?: AbortSignal): AsyncGenerator<T, void, void> {
    let seen: { readonly value: T } | undefined;
    while (!signal?.aborted) {
      if (seen === undefined || seen.value !== this.#value) {
        seen = { value: this.#value };
        yield seen.value;
      } else if (this.#ended) return;
      else await this.#changed(signal);
    }
  }

  #changed(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
    return promise.finally(() => {
      this.#waiting.delete(wake);
      signal?.removeEventListener('abort', wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
