import type { Entries } from './content.ts';
import { type Entry, sameEntry } from './entry.ts';

/** What became of a key. */
export interface Change {
  readonly key: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly before?: Entry;
  readonly after?: Entry;
}

/** How many keys something changes. */
export interface ChangeCount {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What it takes from one to the other, in the order of the keys. */
export function diff(before: Entries, after: Entries): Change[] {
  const changes: Change[] = [];
  for (const [key, entry] of after) {
    const old = before.get(key);
    if (old === undefined) changes.push({ key, change: 'added', after: entry });
    else if (!sameEntry(old, entry))
      changes.push({ key, change: 'changed', before: old, after: entry });
  }
  for (const [key, entry] of before)
    if (!after.has(key)) changes.push({ key, change: 'removed', before: entry });
  return changes.sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function countChanges(changes: readonly Change[]): ChangeCount {
  const count = { added: 0, changed: 0, removed: 0 };
  for (const { change } of changes) count[change]++;
  return count;
}

/** Entries with changes made to them. */
export function patch(
  entries: Entries,
  changes: readonly Pick<Change, 'key' | 'after'>[],
): Entries {
  const patched = new Map(entries);
  for (const { key, after } of changes)
    if (after === undefined) patched.delete(key);
    else patched.set(key, after);
  return patched;
}
