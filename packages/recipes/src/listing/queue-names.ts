/**
 * Recipes that agree on names wait for each other; a folder may hold several such families, which
 * take no notice of one another.
 */
type Family = 'mutex' | 'latch' | 'read-write' | 'kazoo';

/** What a znode's name tells. */
export interface QueueName {
  readonly family: Family;
  readonly kind: 'exclusive' | 'read';
  /** The text that the queue is sorted by. */
  readonly sequence: string;
}

/** What stands before the number, and who writes it so. */
const markers: Readonly<Record<string, Omit<QueueName, 'sequence'>>> = {
  // Curator's and ours `_c_<uuid>-lock-`, go-zk's `_c_<hex32>-lock-`, kazoo's if it is told so.
  'lock-': { family: 'mutex', kind: 'exclusive' },
  // Curator's LeaderLatch and ours.
  'latch-': { family: 'latch', kind: 'exclusive' },
  __WRIT__: { family: 'read-write', kind: 'exclusive' },
  __READ__: { family: 'read-write', kind: 'read' },
  // kazoo's Lock and WriteLock, and its ReadLock: `<hex32>__lock__`.
  __lock__: { family: 'kazoo', kind: 'exclusive' },
  __rlock__: { family: 'kazoo', kind: 'read' },
};

/** Reads the name of a lock's or latch's znode; undefined for anything else. */
export function parseQueueName(name: string): QueueName | undefined {
  const match = /(lock-|latch-|__WRIT__|__READ__|__lock__|__rlock__)(-?\d{10})$/.exec(name);
  return match === null ? undefined : { ...markers[match[1]!]!, sequence: match[2]! };
}

/** A znode that stands in one of a folder's queues. */
export interface Queued<T> extends QueueName {
  readonly member: T;
  readonly holds: boolean;
}

/** Puts each family in its order, and tells who holds: readers up to the first writer, or that one. */
export function queues<T extends { readonly name: string }>(members: readonly T[]): Queued<T>[][] {
  const families = new Map<Family, Omit<Queued<T>, 'holds'>[]>();
  for (const member of members) {
    const parsed = parseQueueName(member.name);
    if (parsed === undefined) continue;
    const family = families.get(parsed.family) ?? [];
    families.set(parsed.family, family);
    family.push({ ...parsed, member });
  }
  return [...families.values()].map((family) => {
    // Of two with one number, the reader was taken under the writer.
    family.sort((a, b) => compare(a.sequence, b.sequence) || compare(a.kind, b.kind));
    const writer = family.findIndex(({ kind }) => kind === 'exclusive');
    const first = family[0]!.sequence;
    return family.map((one, index) => ({
      ...one,
      holds: writer === -1 || index < writer || one.sequence === first,
    }));
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
