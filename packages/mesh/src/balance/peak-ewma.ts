import type { Weighted } from './balancer.ts';
import type { Load, Loaded } from './load.ts';
import type { RandomSource } from './random-source.ts';
import { TwoChoices } from './two-choices.ts';

/** The cost in milliseconds of who has a request under way and has not finished one: Finagle's 2^47 ns. */
const UNKNOWN = 2 ** 47 / 1e6;

/** What {@link PeakEwma} takes from outside. */
export interface PeakEwmaOptions {
  readonly random: RandomSource;
  /** The clock of the items' {@link Load}. */
  readonly now: () => number;
  /** How many are compared. Default 2. */
  readonly choices?: number;
}

/**
 * Who is likely to answer first, of two choices: Finagle's peak EWMA (`PeakEwma.scala`), also
 * linkerd2-proxy's. An item costs its average latency, peaks of which count at once, times its requests
 * under way and one more, divided by its weight. Who has not answered yet gets one request to begin with.
 */
export class PeakEwma<T extends Loaded> extends TwoChoices<T> {
  readonly #now: () => number;

  constructor(items: Iterable<Weighted<T>>, { random, now, choices }: PeakEwmaOptions) {
    super(random, choices);
    this.#now = now;
    this.update(items);
  }

  protected override better(one: number, other: number): boolean {
    const now = this.#now();
    const { items, weights } = this;
    const mine = cost(items[one]!.load, now) / weights[one]!;
    return mine < cost(items[other]!.load, now) / weights[other]!;
  }
}

function cost(load: Load, now: number): number {
  const latency = load.latency(now);
  if (latency === 0 && load.active > 0) return UNKNOWN + load.active;
  return latency * (load.active + 1);
}
