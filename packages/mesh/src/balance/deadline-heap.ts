/** Children of a node: four lie in one line of the processor's cache, and the heap is half as deep. */
const ARITY = 4;

/** Small whole numbers, by when they are due; at one time the smaller comes first. */
export class DeadlineHeap {
  #size = 0;
  readonly #due: Float64Array;
  readonly #ids: Int32Array;

  constructor(capacity: number) {
    this.#due = new Float64Array(capacity);
    this.#ids = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Who is due first; -1 when there is nobody. */
  get first(): number {
    return this.#size > 0 ? this.#ids[0]! : -1;
  }

  /** When that is. */
  get due(): number {
    return this.#due[0]!;
  }

  insert(id: number, due: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = Math.floor((at - 1) / ARITY);
      if (!this.#isAfter(parent, id, due)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, id, due);
  }

  /** The first is due at a later time. */
  postpone(due: number): void {
    this.#sink(this.#ids[0]!, due);
  }

  removeFirst(): void {
    const last = --this.#size;
    if (last > 0) this.#sink(this.#ids[last]!, this.#due[last]!);
  }

  /** Puts what is to replace the first where it belongs. */
  #sink(id: number, due: number): void {
    const times = this.#due;
    const ids = this.#ids;
    let at = 0;
    for (;;) {
      const from = ARITY * at + 1;
      if (from >= this.#size) break;
      const to = Math.min(from + ARITY, this.#size);
      let next = from;
      let earliest = times[from]!;
      for (let child = from + 1; child < to; child++) {
        const time = times[child]!;
        if (time < earliest || (time === earliest && ids[child]! < ids[next]!)) {
          next = child;
          earliest = time;
        }
      }
      if (this.#isAfter(next, id, due)) break;
      this.#move(next, at);
      at = next;
    }
    this.#put(at, id, due);
  }

  #isAfter(at: number, id: number, due: number): boolean {
    const time = this.#due[at]!;
    return time > due || (time === due && this.#ids[at]! > id);
  }

  #move(from: number, to: number): void {
    this.#due[to] = this.#due[from]!;
    this.#ids[to] = this.#ids[from]!;
  }

  #put(at: number, id: number, due: number): void {
    this.#due[at] = due;
    this.#ids[at] = id;
  }
}
