import type { Balancer, PickContext, Weighted } from './balancer.ts';
import type { RandomSource } from './random-source.ts';

/** How often chance may hit a refused item before those that are left are gone through. */
const DRAWS = 16;

/** Chances are integers of 31 bits: a call that returns one allocates nothing. */
const CERTAIN = 2 ** 31;

/**
 * A random item, in proportion to the weights, in O(1): the alias method of A. J. Walker (1974) with
 * M. D. Vose's table ("A linear algorithm for generating random numbers with a given distribution",
 * 1991). Envoy's `RANDOM` does not know weights.
 */
export class Random<T> implements Balancer<T> {
  readonly #random: RandomSource;
  #items: T[] = [];
  /** The chance that a column is its own item's, of {@link CERTAIN}; empty when all always are. */
  #chances = new Float64Array();
  /** Whose a column is otherwise. */
  #others = new Int32Array();

  constructor(items: Iterable<Weighted<T>>, random: RandomSource) {
    this.#random = random;
    this.update(items);
  }

  get size(): number {
    return this.#items.length;
  }

  pick(context?: PickContext<T>): T | undefined {
    const items = this.#items;
    if (items.length === 0) return undefined;
    const accept = context?.accept;
    if (!accept) return items[this.#draw()];
    for (let draws = 0; draws < DRAWS; draws++) {
      const item = items[this.#draw()]!;
      if (accept(item)) return item;
    }
    const from = this.#draw();
    for (let i = 0; i < items.length; i++) {
      const item = items[(from + i) % items.length]!;
      if (accept(item)) return item;
    }
    return undefined;
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    this.#items = weighted.map(({ item }) => item);
    const equal = weighted.every(({ weight }) => weight === weighted[0]?.weight);
    this.#chances = new Float64Array(equal ? 0 : weighted.length);
    this.#others = new Int32Array(this.#chances.length);
    if (!equal) this.#fill(weighted.map(({ weight }) => weight));
  }

  #draw(): number {
    const column = this.#random.below(this.#items.length);
    if (this.#chances.length === 0) return column;
    return this.#random.below(CERTAIN) < this.#chances[column]! ? column : this.#others[column]!;
  }

  #fill(weights: readonly number[]): void {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const shares = weights.map((weight) => (weight * weights.length) / sum);
    const small: number[] = [];
    const large: number[] = [];
    for (const [i, share] of shares.entries()) (share < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const column = small.pop()!;
      const other = large[large.length - 1]!;
      this.#chances[column] = shares[column]! * CERTAIN;
      this.#others[column] = other;
      shares[other]! -= 1 - shares[column]!;
      if (shares[other]! < 1) small.push(large.pop()!);
    }
    // What is left is 1, but for rounding.
    for (const column of [...small, ...large]) this.#chances[column] = CERTAIN;
  }
}
