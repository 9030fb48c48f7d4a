/** Names that are to be read, each by one at a time: what is urgent first, then in the order of asking. */
export class Wanted {
  readonly #urgent = new Set<string>();
  readonly #others = new Set<string>();
  /** Being read. */
  readonly #active = new Set<string>();
  readonly #waiting: ((name: string) => void)[] = [];

  /** True when all that was wanted has been read. */
  get settled(): boolean {
    return this.#urgent.size + this.#others.size + this.#active.size === 0;
  }

  add(name: string, urgent = false): void {
    if (urgent) {
      this.#others.delete(name);
      this.#urgent.add(name);
    } else if (!this.#urgent.has(name)) this.#others.add(name);
    this.#give();
  }

  /** Nobody wants it any more. */
  drop(name: string): void {
    this.#urgent.delete(name);
    this.#others.delete(name);
  }

  /** The next, once there is one; it is to be given back by {@link done}. */
  next(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const abort = () => {
      const at = this.#waiting.indexOf(take);
      if (at !== -1) this.#waiting.splice(at, 1);
      reject(signal.reason);
    };
    const take = (name: string) => {
      signal.removeEventListener('abort', abort);
      resolve(name);
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.push(take);
    this.#give();
    return promise;
  }

  done(name: string): void {
    this.#active.delete(name);
    this.#give();
  }

  #give(): void {
    while (this.#waiting.length > 0) {
      const name = this.#first();
      if (name === undefined) return;
      this.drop(name);
      this.#active.add(name);
      this.#waiting.shift()?.(name);
    }
  }

  /** What is being read has to wait: two answers could come in the wrong order. */
  #first(): string | undefined {
    for (const queue of [this.#urgent, this.#others])
      for (const name of queue) if (!this.#active.has(name)) return name;
    return undefined;
  }
}
