import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '@meshkeeper/policy';
import { type PolicyRef, refId, refOf } from './policy-paths.ts';
import type { PolicyEntry, PolicyTree } from './policy-tree.ts';

/** What somebody wants the policies to be: these as they are here, those not there. */
export interface Wanted {
  readonly policies: readonly Policy[];
  /** None of them is among `policies`. */
  readonly deleted: readonly PolicyRef[];
}

/** What becomes of a policy. `absent`: it was to be deleted, and is not there. */
export type Outcome = 'created' | 'configured' | 'unchanged' | 'deleted' | 'absent';

/** What becomes of a policy, and by what. */
export interface PolicyChange {
  readonly ref: PolicyRef;
  readonly outcome: Outcome;
  readonly before?: Policy;
  readonly after?: Policy;
  /** Its znode as it was. */
  readonly entry?: PolicyEntry;
}

/** What it takes to make the policies what somebody wants. Pure; in the order in which it is wanted. */
export function changesOf(
  { entries }: Pick<PolicyTree, 'entries'>,
  { policies, deleted }: Wanted,
): readonly PolicyChange[] {
  const change = (ref: PolicyRef, after: Policy | undefined): PolicyChange => {
    const entry = entries.get(refId(ref));
    const before = entry?.stored?.policy;
    return {
      ref,
      outcome: outcomeOf(entry, before, after),
      ...(before && { before }),
      ...(after && { after }),
      ...(entry && { entry }),
    };
  };
  return [
    ...policies.map((policy) => change(refOf(policy), policy)),
    ...deleted.map((ref) => change(ref, undefined)),
  ];
}

/** True of a change that writes something. */
export function writes({ outcome }: PolicyChange): boolean {
  return outcome !== 'unchanged' && outcome !== 'absent';
}

function outcomeOf(
  entry: PolicyEntry | undefined,
  before: Policy | undefined,
  after: Policy | undefined,
): Outcome {
  if (entry === undefined) return after === undefined ? 'absent' : 'created';
  if (after === undefined) return 'deleted';
  // A znode that can't be used is written anew, also with what is used in its place.
  return entry.fault === undefined && isDeepStrictEqual(before, after) ? 'unchanged' : 'configured';
}
