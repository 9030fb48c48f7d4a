/** A histogram at one moment, in the form that Prometheus exposes. */
export interface HistogramSnapshot {
  /** How many values are at most so large, by the upper bound in milliseconds; cumulative. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sum: number;
  readonly count: number;
}

/** Counts values by upper bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds`: ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  add(value: number): void {
    this.#sum += value;
    this.#count++;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at !== -1) this.#counts[at]!++;
  }

  snapshot(): HistogramSnapshot {
    let below = 0;
    const buckets = this.#bounds.map((le, i) => {
      below += this.#counts[i]!;
      return { le, count: below };
    });
    return { buckets, sum: this.#sum, count: this.#count };
  }
}
