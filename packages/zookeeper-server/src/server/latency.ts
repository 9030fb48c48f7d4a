import type { ServerStats } from './stats.ts';

/** Minimum, mean and maximum of a series. */
export class Latency {
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  add(value: number): void {
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  get figures(): ServerStats['latency'] {
    if (this.#count === 0) return { min: 0, average: 0, max: 0 };
    const round = (value: number) => Math.round(value * 100) / 100;
    return {
      min: round(this.#min),
      average: round(this.#sum / this.#count),
      max: round(this.#max),
    };
  }
}
