/**
 * Pearson's statistic of counts against the shares that are claimed. With k shares it exceeds
 * {@link chiSquareBound} of k - 1 by chance once in a thousand; the tests' seeds are fixed, so that
 * chance has had its say.
 */
export function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const picks = counts.reduce((sum, count) => sum + count, 0);
  const all = shares.reduce((sum, share) => sum + share, 0);
  return counts.reduce((sum, count, i) => {
    const expected = (picks * shares[i]!) / all;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** The 99.9 % quantile of chi-square, by E. B. Wilson's and M. M. Hilferty's approximation (1931). */
export function chiSquareBound(degrees: number): number {
  const normal = 3.0902;
  const part = 2 / (9 * degrees);
  return degrees * (1 - part + normal * Math.sqrt(part)) ** 3;
}

/** How often each of `items` is picked. */
export function countPicks<T>(
  items: readonly T[],
  picks: number,
  pick: (i: number) => T,
): number[] {
  const places = new Map(items.map((item, i) => [item, i]));
  const counts = items.map(() => 0);
  for (let i = 0; i < picks; i++) counts[places.get(pick(i))!]!++;
  return counts;
}
