import type { Policy } from '@meshkeeper/policy';

/** A policy, by its name. */
export interface RefView {
  readonly kind: Policy['kind'];
  readonly namespace?: string;
  readonly name: string;
}

/** A condition of a policy's status. */
export interface ConditionView {
  readonly type: 'Accepted' | 'ResolvedRefs' | 'Programmed';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** What the API says of a policy besides the policy. */
export interface StatusView {
  readonly conditions: readonly ConditionView[];
  /** Of one that was applied. */
  readonly revision?: number;
  /** Of one that a source has, and that is changed there. */
  readonly source?: string;
  readonly appliedAt: string;
  readonly appliedBy?: string;
}

/** A policy as the API shows it. */
export type PolicyView = WithStatus<Policy>;

type WithStatus<P extends Policy> = P extends Policy
  ? Omit<P, 'status'> & { readonly status: StatusView }
  : never;

/** `GET /policies`. */
export interface PoliciesView {
  readonly revision: number;
  readonly policies: readonly PolicyView[];
  readonly problems: readonly {
    readonly path: string;
    readonly policy?: string;
    readonly message: string;
    readonly using?: number;
  }[];
}

/** What has become of a policy, or would; with what it was and is if it was only tried. */
export interface ChangeView extends RefView {
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'deleted' | 'absent';
  readonly before?: Policy;
  readonly after?: Policy;
}

/** Something that the checks found. */
export interface FindingView {
  readonly policy: string;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly path: string;
  /** RFC 6901. */
  readonly pointer: string;
  readonly message: string;
}

/** What an apply has come to. */
export interface AppliedView {
  readonly revision: number;
  readonly dryRun: boolean;
  readonly catalogRevision?: number;
  readonly policies: readonly ChangeView[];
  readonly findings: readonly FindingView[];
}

/** A replica of the control plane, and how its data planes stand. */
export interface ReplicaView {
  readonly id: string;
  readonly self: boolean;
  readonly state: 'applied' | 'pending' | 'rejected' | 'unserved' | 'unreadable' | 'gone';
  readonly dataPlanes?: number;
  /** Data planes that are behind, and are not named. */
  readonly more?: number;
}

/** How far all data planes are with a revision of the policies: `GET /convergence?policies=`. */
export interface ProgressView {
  readonly policies: number;
  readonly served: boolean;
  readonly counts: Readonly<Record<'applied' | 'pending' | 'rejected' | 'gone', number>>;
  /** The one that was asked first. */
  readonly replicas: readonly ReplicaView[];
  /** Unless it is `all`, what is told of other replicas may not be so any more. */
  readonly knowledge: 'all' | 'reading' | 'away';
  readonly behind: readonly {
    readonly replica: string;
    readonly id: string;
    readonly state: 'applied' | 'pending' | 'rejected' | 'gone';
    readonly appliedPolicies?: number;
    readonly refused?: readonly {
      readonly type: string;
      readonly name: string;
      readonly message: string;
    }[];
  }[];
  /** Where else the replica that was asked brings what it serves; they are not waited for. */
  readonly destinations: readonly {
    readonly name: string;
    readonly kind: string;
    readonly state: 'applied' | 'pending' | 'failing' | 'standby';
    readonly message?: string;
  }[];
}

/** What a wait has come to. */
export interface OutcomeView extends ProgressView {
  readonly converged: boolean;
  readonly timedOut: boolean;
}

/** Who has applied what: `GET /policies/history`. */
export interface RecordView {
  readonly revision: number;
  readonly at: string;
  readonly by?: string;
  /** Who they said they were. */
  readonly label?: string;
  readonly reason?: string;
  readonly rollbackTo?: number;
  readonly part?: number;
  readonly changes: readonly (RefView & {
    readonly change: 'created' | 'changed' | 'deleted';
    readonly before?: Policy;
    readonly after?: Policy;
  })[];
}

/** As the policy's id: `HTTPRoute/shop`, `HTTPRoute/team-a/shop`. */
export function idOf({ kind, namespace, name }: RefView): string {
  return namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** Where a policy is in the API. */
export function pathOf({ kind, namespace, name }: RefView): string {
  const query = namespace === undefined ? '' : `?namespace=${encodeURIComponent(namespace)}`;
  return `/policies/${kind}/${encodeURIComponent(name)}${query}`;
}
