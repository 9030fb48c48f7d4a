/** Something to balance over, and its share relative to its peers. */
export interface Weighted<T> {
  readonly item: T;
  /** Greater than 0; an item of weight 0 is never picked. */
  readonly weight: number;
}

interface Turn<T> {
  readonly item: T;
  /** Virtual time between two of its turns: the inverse of its weight. */
  readonly step: number;
  readonly order: number;
  due: number;
}

/**
 * Smooth weighted round robin: each item is picked in proportion to its weight, its turns spread
 * evenly (earliest deadline first, as Envoy's scheduler). A pick costs O(log n), or O(1) when all
 * weights are equal. It holds no randomness: `phase`, in [0, 1), says where in the round to begin,
 * so that many balancers over the same items don't all begin with the same one.
 */
export class RoundRobin<T> {
  /** Number of items that can be picked. */
  readonly size: number;
  readonly #heap: Turn<T>[];
  readonly #uniform: boolean;
  #next = 0;
  #now = 0;

  constructor(items: Iterable<Weighted<T>>, phase = 0) {
    const turns: Turn<T>[] = [];
    for (const { item, weight } of items) {
      if (weight > 0) {
        // Half a step ahead: a heavy item's turns then surround a light one's, 5:1:1 as aaabcaa.
        turns.push({ item, step: 1 / weight, order: turns.length, due: 0.5 / weight });
      }
    }
    this.size = turns.length;
    this.#uniform = turns.every(({ step }) => step === turns[0]?.step);
    if (!this.#uniform) turns.sort(compare);
    this.#heap = turns;
    const skipped = Math.floor(phase * turns.length);
    if (this.#uniform) this.#next = skipped;
    else for (let i = 0; i < skipped; i++) this.pick();
  }

  /**
   * The next item in turn that `accept` takes; undefined when it takes none. An item that is
   * refused loses its turn, so that it doesn't catch up in one burst later.
   */
  pick(accept?: (item: T) => boolean): T | undefined {
    return this.#uniform ? this.#rotate(accept) : this.#schedule(accept);
  }

  #rotate(accept: ((item: T) => boolean) | undefined): T | undefined {
    const turns = this.#heap;
    for (let tries = turns.length; tries > 0; tries--) {
      const { item } = turns[this.#next]!;
      this.#next = this.#next + 1 === turns.length ? 0 : this.#next + 1;
      if (!accept || accept(item)) return item;
    }
    return undefined;
  }

  #schedule(accept: ((item: T) => boolean) | undefined): T | undefined {
    const first = this.#heap[0];
    if (first && (!accept || accept(first.item))) {
      this.#now = first.due;
      first.due += first.step;
      sink(this.#heap);
      return first.item;
    }
    const refused: Turn<T>[] = [];
    let found: T | undefined;
    for (let turn = removeFirst(this.#heap); turn; turn = removeFirst(this.#heap)) {
      refused.push(turn);
      if (accept && !accept(turn.item)) continue;
      found = turn.item;
      this.#now = turn.due;
      break;
    }
    for (const turn of refused) {
      turn.due = Math.max(turn.due, this.#now) + turn.step;
      insert(this.#heap, turn);
    }
    return found;
  }
}

function compare(a: Turn<unknown>, b: Turn<unknown>): number {
  return a.due - b.due || a.order - b.order;
}

function removeFirst<T>(heap: Turn<T>[]): Turn<T> | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === last || !last) return first;
  heap[0] = last;
  sink(heap);
  return first;
}

function insert<T>(heap: Turn<T>[], turn: Turn<T>): void {
  let at = heap.length;
  heap.push(turn);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (compare(heap[parent]!, turn) <= 0) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = turn;
}

/** Puts the first turn, whose due time has grown, where it belongs. */
function sink<T>(heap: Turn<T>[]): void {
  const turn = heap[0]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) < 0) child++;
    if (compare(turn, heap[child]!) <= 0) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = turn;
}
