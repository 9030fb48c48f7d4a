import { ConsulFault } from './consul-fault.ts';

const DEFAULT_WAIT = 300_000;
const LONGEST_WAIT = 600_000;
/** A wait is stretched by a part of it, so that not all come back at once. */
const JITTER = 16;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds that a query waits: a duration of Go's, with a unit. @throws ConsulFault 400 */
export function waitOf(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_WAIT;
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h)){1,4}$/.test(text))
    throw new ConsulFault(400, `Invalid wait time: "${text}" needs a number and a unit: 30s, 5m`);
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    sum += Number(count) * UNITS[unit!]!;
  return Math.min(LONGEST_WAIT, sum);
}

/** Numbers that grow with what changes, and who waits for them to. */
export class Waiting {
  readonly #waiting = new Set<() => void>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Something has changed: those that wait look again. */
  ring(): void {
    for (const look of [...this.#waiting]) look();
  }

  /**
   * The index, once it is another than the one that is known, or the time is over. One that is greater
   * than ours is of before a restart, or another replica's: nothing is waited for.
   */
  async until(
    index: () => number,
    known: number,
    wait: number,
    signal: AbortSignal,
  ): Promise<number> {
    if (known <= 0 || index() !== known || wait === 0) return index();
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (index() !== known) resolve();
    };
    this.#waiting.add(look);
    const timer = setTimeout(resolve, wait + (wait / JITTER) * this.#random());
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(look);
    return index();
  }
}
