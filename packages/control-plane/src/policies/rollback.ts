import { type Policy, pathText, policyId, validate } from '@meshkeeper/policy';
import { changesOf, type Wanted, writes } from './policy-change.ts';
import type { PolicyHistory } from './policy-history.ts';
import { type PolicyRef, refId } from './policy-paths.ts';
import { type PolicyRecord, type RecordedChange, stateAt } from './policy-record.ts';
import { PolicyStoreError } from './policy-store-error.ts';
import type { PolicyTree } from './policy-tree.ts';

/** What has to be changed to go back to a revision, and the revision that this is seen from. */
export interface Rollback {
  readonly wanted: Wanted;
  readonly at: number;
}

/** Of the faults of what was recorded so many are told. */
const FAULTS = 5;

/**
 * What it takes so that the policies are what they were at a revision.
 * @throws PolicyStoreError NOT_RECORDED, NOT_VALID
 */
export async function rollbackTo(
  revision: number,
  tree: PolicyTree,
  history: PolicyHistory,
  signal: AbortSignal,
): Promise<Rollback> {
  const records = await history.all(await history.revisions(signal), signal);
  // Who has deleted the policies past the records has not deleted those.
  const at = Math.max(tree.list.revision, records[0]?.revision ?? 0);
  if (revision > at)
    throw missing(`there is no revision ${revision} yet: the policies are at ${at}`);
  const oldest = reach(records, at);
  if (revision < oldest)
    throw missing(
      `it is not recorded what has changed since revision ${revision}: one can go back to ${oldest}`,
    );
  const { policies, deleted } = wantedOf([...stateAt(records, revision).values()], revision);
  const changed = new Set(
    changesOf(tree, { policies, deleted })
      .filter(writes)
      .map(({ ref }) => refId(ref)),
  );
  return {
    wanted: {
      policies: policies.filter((policy) => changed.has(policyId(policy))),
      deleted: deleted.filter((ref) => changed.has(refId(ref))),
    },
    at,
  };
}

/** The oldest revision since which everything is recorded. */
function reach(records: readonly PolicyRecord[], at: number): number {
  const known = new Set(records.map(({ revision }) => revision));
  let oldest = at;
  while (known.has(oldest)) oldest--;
  return oldest;
}

function missing(why: string): PolicyStoreError {
  return new PolicyStoreError('NOT_RECORDED', why);
}

/** What was recorded, as something to be applied. */
function wantedOf(changes: readonly RecordedChange[], revision: number): Wanted {
  const policies: Policy[] = [];
  const deleted: PolicyRef[] = [];
  const faults: string[] = [];
  for (const { before: _, after, ...ref } of changes) {
    const read = after === undefined ? undefined : validate(ref.kind, after);
    if (read === undefined) deleted.push(ref);
    else if (read.policy !== undefined) policies.push(read.policy);
    else
      for (const { path, message } of read.faults)
        faults.push(`${refId(ref)}: ${pathText(path)} ${message}`);
  }
  if (faults.length === 0) return { policies, deleted };
  throw new PolicyStoreError(
    'NOT_VALID',
    `what there was at revision ${revision} can not be applied any more: ${faults.slice(0, FAULTS).join('; ')}`,
  );
}
