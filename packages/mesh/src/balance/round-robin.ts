import type { Balancer, PickContext, Weighted } from './balancer.ts';
import { DeadlineQueue } from './deadline-queue.ts';

/**
 * Smooth weighted round robin: each item is picked in proportion to its weight, its turns spread
 * evenly (earliest deadline first, as Envoy's scheduler). A pick costs O(log n), or O(1) when all
 * weights are equal. It holds no randomness: `phase`, in [0, 1), says where in the round to begin,
 * so that many balancers over the same items don't all begin with the same one.
 */
export class RoundRobin<T> implements Balancer<T> {
  #items: T[] = [];
  /** In use while weights differ. */
  #queue: DeadlineQueue<T> | undefined;
  #next = 0;

  constructor(items: Iterable<Weighted<T>>, phase = 0) {
    this.update(items);
    const skipped = Math.floor(phase * this.size);
    if (!this.#queue) this.#next = skipped;
    else for (let i = 0; i < skipped; i++) this.pick();
  }

  get size(): number {
    return this.#items.length;
  }

  /** An item that is refused loses its turn, so that it doesn't catch up in one burst later. */
  pick(context?: PickContext<T>): T | undefined {
    const accept = context?.accept;
    return this.#queue ? this.#queue.pick(accept) : this.#rotate(accept);
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    const next = weighted.map(({ item }) => item);
    if (weighted.every(({ weight }) => weight === weighted[0]?.weight)) {
      this.#next = this.#place(next);
      this.#queue = undefined;
    } else {
      const waits = this.#queue ? undefined : this.#waits();
      this.#queue ??= new DeadlineQueue();
      this.#queue.update(weighted, waits);
    }
    this.#items = next;
  }

  /** Where the rotation goes on in a new list: with whom it would, or with the next who stays. */
  #place(next: readonly T[]): number {
    if (this.#queue) return Math.max(0, next.indexOf(this.#queue.first as T));
    const places = new Map(next.map((item, i) => [item, i]));
    for (let i = 0; i < this.#items.length; i++) {
      const place = places.get(this.#items[(this.#next + i) % this.#items.length]!);
      if (place !== undefined) return place;
    }
    return 0;
  }

  /** The share of a round that each item of the rotation waits for its turn. */
  #waits(): Map<T, number> {
    const { length } = this.#items;
    const place = (i: number) => (i - this.#next + length) % length;
    return new Map(this.#items.map((item, i) => [item, (place(i) + 0.5) / length]));
  }

  #rotate(accept: ((item: T) => boolean) | undefined): T | undefined {
    const items = this.#items;
    for (let tries = items.length; tries > 0; tries--) {
      const item = items[this.#next]!;
      this.#next = this.#next + 1 === items.length ? 0 : this.#next + 1;
      if (!accept || accept(item)) return item;
    }
    return undefined;
  }
}
