import type { Weighted } from './balancer.ts';

/** An item's place in the schedule. */
export interface Turn<T> {
  readonly item: T;
  readonly weight: number;
  /** Breaks ties. */
  readonly order: number;
  /** Virtual time between two of its turns. */
  step: number;
  due: number;
}

/** Says in `turn.step` how long an item waits for its next turn. */
export type Pace<T> = (turn: Turn<T>) => void;

/**
 * Earliest deadline first: items in proportion to their weights, their turns spread evenly, in
 * O(log n) a pick. A step is the inverse of the weight, unless a pace says otherwise at each turn.
 * As in Envoy's `EdfScheduler`; after Demers, Keshav, Shenker, "Analysis and simulation of a fair
 * queueing algorithm" (1989).
 */
export class DeadlineQueue<T> {
  #heap: Turn<T>[] = [];
  #now = 0;
  readonly #pace: Pace<T> | undefined;

  constructor(pace?: Pace<T>) {
    this.#pace = pace;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Whose turn it is. */
  get first(): T | undefined {
    return this.#heap[0]?.item;
  }

  /**
   * Takes a new list. An item that was here has as much of its wait before it as it had; `waits` says
   * it of others, as a share of a step. A newcomer waits half a step: a heavy item's turns then
   * surround a light one's, 5:1:1 as aaabcaa.
   */
  update(items: readonly Weighted<T>[], waits?: ReadonlyMap<T, number>): void {
    const before = new Map(this.#heap.map((turn) => [turn.item, turn]));
    this.#heap = items.map(({ item, weight }, order) => {
      const turn = { item, weight, order, step: 1 / weight, due: 0 };
      this.#pace?.(turn);
      const former = before.get(item);
      const wait = former ? (former.due - this.#now) / former.step : (waits?.get(item) ?? 0.5);
      turn.due = this.#now + Math.max(0, wait) * turn.step;
      return turn;
    });
    this.#heap.sort(compare);
  }

  /**
   * The next item in turn that `accept` takes; undefined when it takes none. An item that is refused
   * loses its turn, so that it doesn't catch up in one burst later.
   */
  pick(accept?: (item: T) => boolean): T | undefined {
    const first = this.#heap[0];
    if (!first || (accept && !accept(first.item))) return this.#search(accept);
    this.#now = first.due;
    this.#pace?.(first);
    first.due += first.step;
    sink(this.#heap);
    return first.item;
  }

  #search(accept: ((item: T) => boolean) | undefined): T | undefined {
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
      this.#pace?.(turn);
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
