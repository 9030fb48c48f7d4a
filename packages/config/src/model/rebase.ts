import type { Entries } from './content.ts';
import { diff, patch } from './diff.ts';
import { sameEntry } from './entry.ts';

/** Changes made to one base, laid over another; or the keys that both sides have changed otherwise. */
export type Rebased =
  | { readonly ok: true; readonly entries: Entries }
  | { readonly ok: false; readonly keys: readonly string[] };

/** Makes the changes from `base` to `ours` to `theirs`, which comes from the same base. */
export function rebase(base: Entries, ours: Entries, theirs: Entries): Rebased {
  const wanted = diff(base, ours);
  const keys = wanted
    .filter(({ key, after }) => {
      const there = theirs.get(key);
      return !sameEntry(there, base.get(key)) && !sameEntry(there, after);
    })
    .map(({ key }) => key);
  return keys.length > 0 ? { ok: false, keys } : { ok: true, entries: patch(theirs, wanted) };
}
