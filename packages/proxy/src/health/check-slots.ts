/** Bounds how many checks run at once, so that a large cluster's don't come all at one time. */
export class CheckSlots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Begins what it is given as soon as there is a slot, maybe at once; returns how to give up waiting. */
  take(begin: () => void): () => void {
    if (this.#free > 0) {
      this.#free--;
      begin();
      return () => {};
    }
    this.#waiting.push(begin);
    return () => {
      const at = this.#waiting.indexOf(begin);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  /** What had begun is over. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
