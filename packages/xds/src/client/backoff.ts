/**
 * How long to wait before the next attempt, in milliseconds: doubles from `base` to `max`, and is
 * drawn from the upper half so that clients that lost one server don't return together.
 */
export function backoff(
  attempt: number,
  { base, max }: { readonly base: number; readonly max: number },
  random: () => number,
): number {
  const ceiling = Math.min(max, base * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + random() / 2);
}
