/** The shortest and the longest pause, in milliseconds. */
export interface Backoff {
  readonly base: number;
  readonly max: number;
}

/**
 * How long to wait before the next attempt, in milliseconds: doubles from `base` to `max`, and is
 * drawn from the upper half so that clients that lost one server don't return together.
 */
export function backoff(attempt: number, { base, max }: Backoff, random: () => number): number {
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + random() / 2);
}
