/**
 * Values on their way to a reader that may be slower: what it has not taken yet is replaced by what
 * is newer. For one reader.
 */
export class Latest<T> implements AsyncIterable<T> {
  #value: { readonly value: T } | undefined;
  #ended: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#value = { value };
    this.#wake?.();
  }

  /** Nothing comes after what there is. With `error` the reader is told by it. */
  end(error?: unknown): void {
    this.#ended ??= error === undefined ? {} : { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const taken = this.#value;
      this.#value = undefined;
      if (taken !== undefined) yield taken.value;
      else if (this.#ended === undefined)
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      else if ('error' in this.#ended) throw this.#ended.error;
      else return;
    }
  }
}
