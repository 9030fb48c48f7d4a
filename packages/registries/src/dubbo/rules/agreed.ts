import type { StatedParameter } from './settings.ts';

/**
 * What a service's providers state together: of each parameter the value that most of those state
 * that state one; of as many the larger number, so that no call is cut off that its provider allows.
 */
export function agreedOf(
  stated: readonly ReadonlyMap<string, StatedParameter>[],
): ReadonlyMap<string, StatedParameter> {
  const votes = new Map<string, Map<string, { count: number; first: StatedParameter }>>();
  for (const one of stated)
    for (const [name, parameter] of one) {
      const values =
        votes.get(name) ?? new Map<string, { count: number; first: StatedParameter }>();
      votes.set(name, values);
      const vote = values.get(parameter.value);
      if (vote === undefined) values.set(parameter.value, { count: 1, first: parameter });
      else vote.count++;
    }
  const agreed = new Map<string, StatedParameter>();
  for (const [name, values] of votes) {
    const [most] = [...values.values()].sort(
      (a, b) => b.count - a.count || compare(b.first.value, a.first.value),
    );
    if (most !== undefined) agreed.set(name, most.first);
  }
  return agreed;
}

/** Numbers as such, texts by their letters, and texts before numbers. */
function compare(a: string, b: string): number {
  const [one, other] = [Number(a), Number(b)];
  if (one !== other && !Number.isNaN(one) && !Number.isNaN(other)) return one - other;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
