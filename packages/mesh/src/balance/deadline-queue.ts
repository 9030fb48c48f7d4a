import type { Weighted } from './balancer.ts';
import { DeadlineHeap } from './deadline-heap.ts';

/** What makes an item wait for longer than its weight says. */
export interface Burden<T> {
  /** A whole number from 0 on, asked for at each of its turns. */
  readonly of: (item: T) => number;
  /** To this power it counts, and one more. */
  readonly bias: number;
}

/**
 * Earliest deadline first: items in proportion to their weights, their turns spread evenly, in
 * O(log n) a pick. An item waits the inverse of its weight, times its burden where one counts. As in
 * Envoy's `EdfScheduler`; after Demers, Keshav, Shenker, "Analysis and simulation of a fair queueing
 * algorithm" (1989).
 */
export class DeadlineQueue<T> {
  #items: readonly T[] = [];
  #weights = new Float64Array();
  /** Virtual time between two turns of an item. */
  #steps = new Float64Array();
  #heap = new DeadlineHeap(0);
  #now = 0;
  readonly #burden: Burden<T> | undefined;

  constructor(burden?: Burden<T>) {
    this.#burden = burden;
  }

  get size(): number {
    return this.#items.length;
  }

  /** Whose turn it is. */
  get first(): T | undefined {
    return this.#items[this.#heap.first];
  }

  /**
   * Takes a new list. An item that was here has as much of its wait before it as it had; `waits` says
   * it of others, as a share of a step. A newcomer waits half a step: a heavy item's turns then
   * surround a light one's, 5:1:1 as aaabcaa.
   */
  update(items: readonly Weighted<T>[], waits?: ReadonlyMap<T, number>): void {
    const before = this.#waits();
    this.#items = items.map(({ item }) => item);
    this.#weights = Float64Array.from(items, ({ weight }) => weight);
    this.#steps = Float64Array.from(items, (_, i) => this.#stepOf(i));
    const due = this.#items.map((item, i) => {
      const wait = before.get(item) ?? waits?.get(item) ?? 0.5;
      return this.#now + Math.max(0, wait) * this.#steps[i]!;
    });
    this.#heap = new DeadlineHeap(due.length);
    for (const [i, time] of due.entries()) this.#heap.insert(i, time);
  }

  /**
   * The next item in turn that `accept` takes; undefined when it takes none. An item that is refused
   * loses its turn, so that it doesn't catch up in one burst later.
   */
  pick(accept?: (item: T) => boolean): T | undefined {
    const heap = this.#heap;
    const i = heap.first;
    const first = this.#items[i];
    if (first === undefined || (accept && !accept(first))) return this.#search(accept);
    this.#now = heap.due;
    if (this.#burden) this.#steps[i] = this.#stepOf(i);
    heap.postpone(this.#now + this.#steps[i]!);
    return first;
  }

  #search(accept: ((item: T) => boolean) | undefined): T | undefined {
    const refused: { readonly i: number; readonly due: number }[] = [];
    let found: T | undefined;
    while (found === undefined && this.#heap.size > 0) {
      const { first: i, due } = this.#heap;
      this.#heap.removeFirst();
      refused.push({ i, due });
      const item = this.#items[i]!;
      if (accept && !accept(item)) continue;
      found = item;
      this.#now = due;
    }
    for (const { i, due } of refused) {
      this.#steps[i] = this.#stepOf(i);
      this.#heap.insert(i, Math.max(due, this.#now) + this.#steps[i]!);
    }
    return found;
  }

  #stepOf(i: number): number {
    if (!this.#burden) return 1 / this.#weights[i]!;
    const { of, bias } = this.#burden;
    const burden = of(this.#items[i]!) + 1;
    return (bias === 1 ? burden : burden ** bias) / this.#weights[i]!;
  }

  /** The share of its step that each item has to wait for its turn. */
  #waits(): Map<T, number> {
    const waits = new Map<T, number>();
    while (this.#heap.size > 0) {
      const { first: i, due } = this.#heap;
      waits.set(this.#items[i]!, (due - this.#now) / this.#steps[i]!);
      this.#heap.removeFirst();
    }
    return waits;
  }
}
