import { isDeepStrictEqual } from 'node:util';
import { type PolicyChange, writes } from './policy-change.ts';
import type { PolicyHistory } from './policy-history.ts';
import { refId } from './policy-paths.ts';
import type { Conflict } from './policy-store-error.ts';

/** Those of these policies that somebody has changed after a revision, and who. */
export async function changedSince(
  history: PolicyHistory,
  revision: number,
  changes: readonly PolicyChange[],
  signal: AbortSignal,
): Promise<Conflict[]> {
  const touched = changes.filter(writes);
  const told = await recorded(history, revision, touched, signal);
  return touched.flatMap((change) => {
    const later = (change.entry?.stored?.revision ?? 0) > revision;
    return told.get(refId(change.ref)) ?? (later ? unrecorded(change) : []);
  });
}

/** Those that are still to be changed and are not what they were at first, and who has changed them. */
export async function changedMeanwhile(
  history: PolicyHistory,
  first: readonly PolicyChange[],
  now: readonly PolicyChange[],
  signal: AbortSignal,
): Promise<Conflict[]> {
  const changed = now.filter((change, i) => {
    return writes(change) && !isDeepStrictEqual(change.before, first[i]?.before);
  });
  if (changed.length === 0) return [];
  const told = await recorded(history, 0, changed, signal);
  return changed.map((each) => told.get(refId(each.ref)) ?? unrecorded(each));
}

/** Who has changed these policies last, if that was after a revision, by policy. */
async function recorded(
  history: PolicyHistory,
  revision: number,
  changes: readonly PolicyChange[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Conflict>> {
  const found = new Map<string, Conflict>();
  const wanted = new Set(changes.map(({ ref }) => refId(ref)));
  const since = (await history.revisions(signal)).filter((each) => each > revision);
  for await (const { changes: made, by, at, revision: of } of history.read(since, signal)) {
    for (const { before, after, ...ref } of made) {
      const policy = refId(ref);
      if (!wanted.delete(policy)) continue;
      const change = after === undefined ? 'deleted' : before === undefined ? 'created' : 'changed';
      found.set(policy, { policy, change, ...(by !== undefined && { by }), at, revision: of });
    }
    if (wanted.size === 0) break;
  }
  return found;
}

/** A change that somebody has made past the records. */
function unrecorded({ ref, entry }: PolicyChange): Conflict {
  const at = entry?.changedAt;
  const change = entry === undefined ? 'deleted' : 'changed';
  return { policy: refId(ref), change, ...(at !== undefined && { at }) };
}
