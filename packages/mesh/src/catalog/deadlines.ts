interface Item {
  readonly name: string;
  readonly at: number;
}

/**
 * One deadline a name, the earliest first: a binary heap, in which what has been put off or taken
 * back is found out when it comes to the top. Setting one costs no more than the heap's depth.
 */
export class Deadlines {
  readonly #heap: Item[] = [];
  readonly #deadlines = new Map<string, number>();
  /** The item of each name that counts: an earlier one was put off, a later one is superseded. */
  readonly #queued = new Map<string, Item>();

  /** Sets the deadline of a name; Infinity takes it back. */
  set(name: string, at: number): void {
    if (at === Number.POSITIVE_INFINITY) {
      this.#deadlines.delete(name);
      return;
    }
    this.#deadlines.set(name, at);
    const queued = this.#queued.get(name);
    if (queued === undefined || queued.at > at) this.#push({ name, at });
  }

  /** The earliest deadline; Infinity when there is none. */
  get next(): number {
    return this.#top()?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the names out whose deadline is not after `now`. */
  *due(now: number): Generator<string> {
    for (let top = this.#top(); top !== undefined && top.at <= now; top = this.#top()) {
      this.#pop();
      this.#queued.delete(top.name);
      this.#deadlines.delete(top.name);
      yield top.name;
    }
  }

  /** The first item that is true. */
  #top(): Item | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      const counts = this.#queued.get(top.name) === top;
      const at = this.#deadlines.get(top.name);
      if (counts && at === top.at) return top;
      this.#pop();
      if (!counts) continue;
      this.#queued.delete(top.name);
      if (at !== undefined) this.#push({ name: top.name, at });
    }
    return undefined;
  }

  #push(item: Item): void {
    this.#queued.set(item.name, item);
    const heap = this.#heap;
    let i = heap.push(item) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.at <= item.at) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const item = heap.pop();
    if (item === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= item.at) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = item;
  }
}
