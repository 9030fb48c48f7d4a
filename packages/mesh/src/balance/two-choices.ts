import type { Balancer, PickContext, Weighted } from './balancer.ts';
import type { RandomSource } from './random-source.ts';

/** How many draws of each choice may be refused before all items are gone through. */
const DRAWS = 8;

/**
 * The best of two random items, in O(1): M. Mitzenmacher, "The power of two choices in randomized load
 * balancing" (2001). The two are different, as in Finagle's `P2C`; Envoy draws with replacement. What
 * better is, a subclass says.
 */
export abstract class TwoChoices<T> implements Balancer<T> {
  protected items: readonly T[] = [];
  protected weights = new Float64Array();
  readonly #random: RandomSource;
  readonly #choices: number;

  /** More than two choices come nearer to the best of all, and to everybody choosing the same. */
  constructor(random: RandomSource, choices = 2) {
    this.#random = random;
    this.#choices = choices;
  }

  get size(): number {
    return this.items.length;
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    this.items = weighted.map(({ item }) => item);
    this.weights = Float64Array.from(weighted, ({ weight }) => weight);
  }

  pick(context?: PickContext<T>): T | undefined {
    const { items } = this;
    if (items.length < 2) return this.#bestOfAll(context?.accept);
    const accept = context?.accept;
    let best = -1;
    let choices = 0;
    for (let draws = DRAWS * this.#choices; draws > 0 && choices < this.#choices; draws--) {
      const i = this.#drawOther(best);
      if (accept && !accept(items[i]!)) continue;
      choices++;
      if (best < 0 || this.better(i, best)) best = i;
    }
    return best < 0 ? this.#bestOfAll(accept) : items[best];
  }

  /** True when the one item, by its index, is to be preferred. */
  protected abstract better(one: number, other: number): boolean;

  #drawOther(than: number): number {
    if (than < 0) return this.#random.below(this.items.length);
    const i = this.#random.below(this.items.length - 1);
    return i < than ? i : i + 1;
  }

  #bestOfAll(accept: ((item: T) => boolean) | undefined): T | undefined {
    const { items } = this;
    const from = items.length > 1 ? this.#random.below(items.length) : 0;
    let best = -1;
    for (let n = 0; n < items.length; n++) {
      const i = (from + n) % items.length;
      if (accept && !accept(items[i]!)) continue;
      if (best < 0 || this.better(i, best)) best = i;
    }
    return best < 0 ? undefined : items[best];
  }
}
