import type { Balancer, PickContext, Weighted } from './balancer.ts';
import type { ClusterLoad, Loaded } from './load.ts';
import { MersenneTwister } from './mersenne-twister.ts';

/** What {@link BoundedLoad} takes. */
export interface BoundedLoadOptions {
  /** Of all that is balanced over: the average is reckoned from it. */
  readonly load: ClusterLoad;
  /** How many requests an item may have, in percent of its share of all; at least 100. */
  readonly factor: number;
}

/**
 * Consistent hashing with bounded loads: V. Mirrokni, M. Thorup, M. Zadimoghaddam (2016), with the
 * jump to a random item, seeded by the hash, of J. Chen, B. Coleman, A. Shrivastava, "Revisiting
 * consistent hashing with bounded loads" (2019); Envoy's `hash_balance_factor`, item for item. Who has
 * more than `factor` percent of its share of the requests under way is passed over; when all have, the
 * least overloaded is chosen. A pick that passes over nobody costs little more than the inner one's;
 * else it is O(n) at worst, after the 0.7 µs or so that Envoy's generator takes to be seeded.
 */
export class BoundedLoad<T extends Loaded> implements Balancer<T> {
  readonly #inner: Balancer<T>;
  readonly #load: ClusterLoad;
  readonly #factor: number;
  readonly #twister = new MersenneTwister();
  #items: T[] = [];
  #shares = new Float64Array();
  readonly #indices = new Map<T, number>();
  /** The items' indices, in order between picks. */
  #order = new Uint32Array();
  #swapped = new Uint32Array();

  /** `inner` is {@link RingHash} or {@link Maglev}, whose list becomes `items`. */
  constructor(
    inner: Balancer<T>,
    items: Iterable<Weighted<T>>,
    { load, factor }: BoundedLoadOptions,
  ) {
    this.#inner = inner;
    this.#load = load;
    this.#factor = factor;
    this.update(items);
  }

  get size(): number {
    return this.#items.length;
  }

  pick(context?: PickContext<T>): T | undefined {
    const first = this.#inner.pick(context);
    if (first === undefined) return undefined;
    const index = this.#indices.get(first)!;
    if (this.#overload(index) <= 1) return first;
    this.#twister.seed(context?.hash?.low ?? 0);
    return this.#items[this.#pass(index, context?.accept)];
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    const sum = weighted.reduce((total, { weight }) => total + weight, 0);
    this.#inner.update(weighted);
    this.#items = weighted.map(({ item }) => item);
    this.#shares = Float64Array.from(weighted, ({ weight }) => weight / sum);
    this.#indices.clear();
    for (const [i, item] of this.#items.entries()) this.#indices.set(item, i);
    this.#order = Uint32Array.from(weighted.keys());
    this.#swapped = new Uint32Array(weighted.length);
  }

  /** Goes through the items in an order of the hash's own, a step of a shuffle at a time. */
  #pass(first: number, accept: ((item: T) => boolean) | undefined): number {
    const count = this.#items.length;
    const order = this.#order;
    let found = first;
    let least = this.#overload(first);
    let passed = 0;
    while (passed < count && least > 1) {
      const at = passed + this.#twister.below(count - passed);
      const index = order[at]!;
      order[at] = order[passed]!;
      order[passed] = index;
      this.#swapped[passed++] = at;
      if (index === first || (accept && !accept(this.#items[index]!))) continue;
      const overload = this.#overload(index);
      if (overload >= least) continue;
      found = index;
      least = overload;
    }
    while (passed-- > 0) {
      const at = this.#swapped[passed]!;
      const index = order[at]!;
      order[at] = order[passed]!;
      order[passed] = index;
    }
    return found;
  }

  /** The item's requests under way, of those that it may have. */
  #overload(index: number): number {
    const all = Math.floor(((this.#load.active + 1) * this.#factor + 99) / 100);
    const own = Math.max(1, Math.ceil(all * this.#shares[index]!));
    return this.#items[index]!.load.active / own;
  }
}
