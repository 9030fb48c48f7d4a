/** What becomes of an instance. */
export type Kind = 'changed' | 'added' | 'removed';

/** All of {@link Kind}, in the order of the report. */
export const KINDS: readonly Kind[] = ['changed', 'added', 'removed'];

/** Names an instance: the service, and an id that no other instance has. */
export interface InstanceName {
  readonly service: string;
  readonly id: string;
}

/** One write. */
export interface Change extends InstanceName {
  readonly kind: Kind;
}

/**
 * `count` changes in random order, a third of each kind. None concerns an instance that another one
 * does, so that each is seen by itself.
 * @param fresh names an instance to add
 * @param random in [0, 1)
 */
export function planChanges(
  present: readonly InstanceName[],
  count: number,
  fresh: () => InstanceName,
  random: () => number,
): Change[] {
  const targets = shuffled(present, random);
  const changes = Array.from({ length: count }, (_, index): Change => {
    // The remainder of three is always one of them.
    const kind = KINDS[index % KINDS.length] as Kind;
    const target = kind === 'added' ? fresh() : targets.pop();
    if (target === undefined) throw new RangeError('More changes than instances to change');
    return { kind, ...target };
  });
  return shuffled(changes, random);
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
