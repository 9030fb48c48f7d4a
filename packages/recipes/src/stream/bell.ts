/** What watchers ring: any number of rings between two waits is one. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  /** Can be handed out as a watcher. */
  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake?.();
  };

  /**
   * Waits for the first ring since the last wait. One waiter at a time.
   * @throws the signal's reason
   */
  async rung(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#isRung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      signal?.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      this.#wake = undefined;
    }
    signal?.throwIfAborted();
    this.#isRung = false;
  }
}

/** Resolves when the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
