import type { Progress } from '../convergence/standing.ts';
import type { MemberStanding } from './member-standing.ts';
import type { Knowledge, Member } from './other-members.ts';

/** How another replica stands. */
export type ReplicaStanding =
  | { readonly type: 'member'; readonly member: Member; readonly standing: MemberStanding }
  /** It went away while its data planes were waited for. */
  | { readonly type: 'gone'; readonly member: Member };

/** How far the data planes of all replicas are with a revision of the policies. */
export interface MeshProgress {
  /** The revision. */
  readonly policies: number;
  /** The first snapshot of this replica that has it; undefined while none has. */
  readonly revision: number | undefined;
  /** Every replica serves it. */
  readonly served: boolean;
  /** How many data planes stand how, of all replicas. */
  readonly counts: Progress['counts'];
  /** Those of this replica. */
  readonly own: Progress;
  /** The other replicas. */
  readonly others: readonly ReplicaStanding[];
  readonly knowledge: Knowledge;
  /** Something went away, and may come back at another replica: its time to do so isn't over. */
  readonly unsettled: boolean;
}

/** What a wait for the data planes of all replicas has come to. */
export interface MeshOutcome extends MeshProgress {
  /** Every data plane that is connected has applied it, as far as is known. */
  readonly converged: boolean;
  readonly timedOut: boolean;
}
