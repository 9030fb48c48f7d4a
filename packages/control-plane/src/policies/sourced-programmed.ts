import type { PolicyCondition } from '@meshkeeper/mesh';
import type { Progress, ProxyStanding } from '../convergence/standing.ts';
import type { Member } from '../members/other-members.ts';

/** Data planes that are named, at most. */
const NAMED = 3;

/**
 * Whether the data planes of all replicas have what sources have of policies. Pure.
 * @param own how those of this replica stand to the first snapshot that has it
 * @param digest of all that is used of sources
 */
export function programmedAt(
  own: Progress,
  digest: string | undefined,
  others: readonly Member[],
): PolicyCondition {
  const said = (
    status: PolicyCondition['status'],
    reason: string,
    message = '',
  ): PolicyCondition => ({ type: 'Programmed', status, reason, message });
  const counts = { ...own.counts };
  const words = own.behind.flatMap(wordsOf);
  for (const { said: told } of others) {
    const connected = told?.counts.connected ?? 0;
    const { sourced } = told ?? {};
    // What another replica has of them is not what it is here: its data planes are on their way.
    const same = sourced !== undefined && sourced.digest === digest;
    counts.pending += same ? sourced.pending : connected;
    counts.rejected += same ? sourced.rejected : 0;
    counts.applied += same ? connected - sourced.pending - sourced.rejected : 0;
    if (same) words.push(...sourced.words);
  }
  if (counts.rejected > 0) return said('False', 'Rejected', words.slice(0, NAMED).join('; '));
  if (counts.pending > 0) {
    const message = `${counts.pending} data ${counts.pending === 1 ? 'plane does' : 'planes do'} not have it yet`;
    return said('False', 'Pending', message);
  }
  // What can't be made out may say anything.
  const unread = others.find((each) => each.said === undefined);
  if (unread !== undefined)
    return said('False', 'Pending', `what the replica ${unread.id} says can not be made out`);
  if (counts.applied === 0) return said('Unknown', 'NoDataPlane', 'no data plane is connected');
  return said('True', 'Programmed');
}

/** Who rejects what, in its own words. */
export function wordsOf({ proxy: { id }, standing }: ProxyStanding): readonly string[] {
  if (standing.type !== 'rejected') return [];
  return [`${id}: ${standing.refused[0]?.message || 'it rejects what is served'}`];
}
