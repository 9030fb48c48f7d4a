import type { SourceUpdate } from './source.ts';

/** What a source says, one after the other. Who gives up waiting loses nothing. */
export class Updates {
  readonly #iterator: AsyncIterator<SourceUpdate>;
  #pending: Promise<IteratorResult<SourceUpdate>> | undefined;

  constructor(updates: AsyncIterable<SourceUpdate>) {
    this.#iterator = updates[Symbol.asyncIterator]();
  }

  /** The next; undefined when the signal aborts before, or there are no more. */
  async next(signal: AbortSignal): Promise<SourceUpdate | undefined> {
    if (signal.aborted) return undefined;
    const { promise: aborted, resolve: abort } = Promise.withResolvers<undefined>();
    const end = () => abort(undefined);
    signal.addEventListener('abort', end, { once: true });
    try {
      this.#pending ??= this.#iterator.next();
      const next = await Promise.race([this.#pending, aborted]);
      if (next === undefined) return undefined;
      this.#pending = undefined;
      return next.done ? undefined : next.value;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
}
