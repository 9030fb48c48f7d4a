import type { Departure, Service, SourceChange } from '@meshkeeper/mesh';

/** Changes on their way to one consumer; of a service only the newest waits. */
export class ChangeQueue {
  readonly #changes = new Map<string, SourceChange>();
  #reset: (() => readonly Service[]) | undefined;
  #wake = Promise.withResolvers<void>();

  /** @param departed why endpoints are gone that were there */
  put(name: string, service: Service | undefined, departed: ReadonlyMap<string, Departure>): void {
    const before = this.#changes.get(name);
    const earlier = before !== undefined && before.type !== 'reset' ? before.departed : undefined;
    const all = new Map([...(earlier ?? []), ...departed]);
    this.#changes.set(
      name,
      service === undefined
        ? { type: 'remove', name, departed: all }
        : { type: 'upsert', service, departed: all },
    );
    this.#wake.resolve();
  }

  /** All is known anew: what waits comes first, for the reasons that it gives. */
  reset(services: () => readonly Service[]): void {
    this.#reset = services;
    this.#wake.resolve();
  }

  async *take(signal: AbortSignal): AsyncGenerator<SourceChange> {
    const end = () => this.#wake.resolve();
    signal.addEventListener('abort', end, { once: true });
    try {
      for (let begun = false; !signal.aborted; ) {
        const changes = [...this.#changes.values()];
        const reset = this.#reset;
        this.#changes.clear();
        this.#reset = undefined;
        this.#wake = Promise.withResolvers();
        // Before its first complete read a source says nothing.
        if (begun) yield* changes;
        if (reset !== undefined) {
          begun = true;
          yield { type: 'reset', services: reset() };
        }
        if (!signal.aborted) await this.#wake.promise;
      }
    } finally {
      signal.removeEventListener('abort', end);
    }
  }
}
