import type { Balancer, PickContext, Weighted } from './balancer.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import type { Loaded } from './load.ts';
import type { RandomSource } from './random-source.ts';
import { TwoChoices } from './two-choices.ts';

/** Envoy's `LeastRequestLbConfig`. */
export interface LeastRequestOptions {
  readonly random: RandomSource;
  /** How many are compared, while weights are equal. Default 2. */
  readonly choices?: number;
  /** How much the requests under way count where weights differ; 0: not at all. Default 1. */
  readonly bias?: number;
}

/**
 * Who has the fewest requests under way, as Envoy's `LEAST_REQUEST`: the better of two choices while
 * weights are equal; else a weighted round robin in which an item's weight is divided by its requests
 * under way, and one more, to the power of `bias`. (At a bias of 1 requests that take equally long are
 * then under way by the root of the weight.)
 */
export class LeastRequest<T extends Loaded> implements Balancer<T> {
  readonly #choices: FewestUnderWay<T>;
  readonly #queue: DeadlineQueue<T>;
  #equal = true;

  constructor(items: Iterable<Weighted<T>>, { random, choices, bias = 1 }: LeastRequestOptions) {
    this.#choices = new FewestUnderWay(random, choices);
    this.#queue = new DeadlineQueue({ of: ({ load }) => load.active, bias });
    this.update(items);
  }

  get size(): number {
    return this.#choices.size;
  }

  pick(context?: PickContext<T>): T | undefined {
    return this.#equal ? this.#choices.pick(context) : this.#queue.pick(context?.accept);
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    this.#equal = weighted.every(({ weight }) => weight === weighted[0]?.weight);
    this.#choices.update(weighted);
    this.#queue.update(this.#equal ? [] : weighted);
  }
}

class FewestUnderWay<T extends Loaded> extends TwoChoices<T> {
  protected override better(one: number, other: number): boolean {
    return this.items[one]!.load.active < this.items[other]!.load.active;
  }
}
