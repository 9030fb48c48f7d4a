import type { Balancer, PickContext, Weighted } from './balancer.ts';

/** When an endpoint is warming up: `duration` milliseconds from `from` on. */
export interface WarmUpWindow {
  readonly from: number;
  readonly duration: number;
}

/** How a weight grows; Envoy's `SlowStartConfig`. */
export interface WarmUpCurve {
  /** Over 1 the weight grows fast at first. Default 1: in proportion to the time. */
  readonly aggression?: number;
  /** The least weight in percent of the full one. Default 10. */
  readonly minWeightPercent?: number;
}

/** What {@link WarmUp} takes from outside. */
export interface WarmUpOptions<T> extends WarmUpCurve {
  /** Of the windows' clock; it is read only while something is warming up. */
  readonly now: () => number;
  /** When the item warms up; undefined: it is warm. */
  readonly window: (item: T) => WarmUpWindow | undefined;
}

/** In so many steps a weight grows. */
const STEPS = 100;

/**
 * The share of its weight that an endpoint has: Envoy's slow start, `max(minWeightPercent / 100,
 * (elapsed / duration) ^ (1 / aggression))`, at least a millisecond having elapsed.
 */
export function warmUpFactor(
  { from, duration }: WarmUpWindow,
  now: number,
  { aggression = 1, minWeightPercent = 10 }: WarmUpCurve = {},
): number {
  const elapsed = Math.max(1, now - from);
  if (elapsed >= duration) return 1;
  const factor = elapsed / duration;
  return Math.max(aggression === 1 ? factor : factor ** (1 / aggression), minWeightPercent / 100);
}

/**
 * Lets the weights of a balancer's newcomers grow: Envoy's slow start, for any algorithm that keeps its
 * turns when weights change. Hashing algorithms are better without: keys would move with every step.
 */
export class WarmUp<T> implements Balancer<T> {
  readonly #inner: Balancer<T>;
  readonly #options: WarmUpOptions<T>;
  #items: readonly Weighted<T>[] = [];
  /** When weights have to be reckoned again. */
  #due = Number.POSITIVE_INFINITY;

  constructor(inner: Balancer<T>, items: Iterable<Weighted<T>>, options: WarmUpOptions<T>) {
    this.#inner = inner;
    this.#options = options;
    this.update(items);
  }

  get size(): number {
    return this.#inner.size;
  }

  pick(context?: PickContext<T>): T | undefined {
    if (this.#due < Number.POSITIVE_INFINITY && this.#options.now() >= this.#due) this.#weigh();
    return this.#inner.pick(context);
  }

  update(items: Iterable<Weighted<T>>): void {
    this.#items = [...items];
    this.#weigh();
  }

  #weigh(): void {
    const now = this.#options.now();
    this.#due = Number.POSITIVE_INFINITY;
    const items = this.#items.map((entry) => {
      const window = this.#options.window(entry.item);
      if (!window || now >= window.from + window.duration) return entry;
      this.#due = Math.min(this.#due, now + window.duration / STEPS);
      return { item: entry.item, weight: entry.weight * warmUpFactor(window, now, this.#options) };
    });
    this.#inner.update(items);
  }
}
