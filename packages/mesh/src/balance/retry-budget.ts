import { WindowedSum } from './windowed-sum.ts';

/** Finagle's `RetryBudget`. */
export interface RetryBudgetOptions {
  /** How long a request counts, in milliseconds. Default 10,000. */
  readonly window?: number;
  /** Retries a second that are there without any request. Default 10. */
  readonly minPerSecond?: number;
  /** Retries for each request, as a share of 1. Default 0.2. */
  readonly ratio?: number;
}

/**
 * How many retries there may be: a share of the requests of the last seconds, and a few for those who
 * send little. When everything fails, load grows by that share and not by the number of tries. Finagle's
 * `RetryBudget.scala`; a token bucket that leaks.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #tokens: WindowedSum;

  constructor({ window = 10_000, minPerSecond = 10, ratio = 0.2 }: RetryBudgetOptions = {}) {
    this.#ratio = ratio;
    this.#reserve = (minPerSecond * window) / 1000;
    this.#tokens = new WindowedSum(window);
  }

  /** A request is sent for the first time. */
  deposit(now: number): void {
    this.#tokens.add(this.#ratio, now);
  }

  /** True when there may be a retry now, which is then taken from the budget. */
  tryWithdraw(now: number): boolean {
    if (this.balance(now) < 1) return false;
    this.#tokens.add(-1, now);
    return true;
  }

  /** How many retries there may be now. */
  balance(now: number): number {
    // Five times 0.2 is 1, whatever the last bit says.
    return Math.floor(this.#tokens.value(now) + this.#reserve + 1e-9);
  }
}
