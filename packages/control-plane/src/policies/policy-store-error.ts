/** Why the store of policies refuses something. */
export type PolicyStoreErrorCode =
  /** Somebody else has changed the same policies meanwhile. */
  | 'CONFLICT'
  /** A policy, or several that are right only together, take more than ZooKeeper does. */
  | 'TOO_LARGE'
  /** A revision is of the future, or its records are not kept any more. */
  | 'NOT_RECORDED'
  /** What was recorded is no valid policy any more. */
  | 'NOT_VALID'
  /** So many others write that there is no getting in between. */
  | 'BUSY';

/** Somebody else's change that stands in the way. */
export interface Conflict {
  /** `HTTPRoute/shop`. */
  readonly policy: string;
  /** What has become of it. */
  readonly change: 'created' | 'changed' | 'deleted';
  readonly by?: string;
  /** Milliseconds since the epoch; undefined when it was not recorded. */
  readonly at?: number;
  /** Of the policies, after that change. */
  readonly revision?: number;
}

/** The store refuses something; the message says what to do. */
export class PolicyStoreError extends Error {
  override readonly name = 'PolicyStoreError';
  readonly code: PolicyStoreErrorCode;
  /** With CONFLICT. */
  readonly conflicts: readonly Conflict[];
  /** The last revision that this apply has made, where it took several transactions. */
  readonly applied: number | undefined;

  constructor(
    code: PolicyStoreErrorCode,
    message: string,
    {
      conflicts = [],
      applied,
    }: { readonly conflicts?: readonly Conflict[]; readonly applied?: number | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.conflicts = conflicts;
    this.applied = applied;
  }
}

/** An error that says who has changed what, and when. */
export function conflictError(conflicts: readonly Conflict[], applied?: number): PolicyStoreError {
  const texts = conflicts.slice(0, 3).map(({ policy, change, by, at, revision }) => {
    const who = by === undefined ? '' : ` by ${by}`;
    const when = at === undefined ? '' : ` at ${new Date(at).toISOString()}`;
    const what = revision === undefined ? '' : ` (revision ${revision})`;
    return `${policy} was ${change}${who}${when}${what}`;
  });
  const more = conflicts.length > 3 ? `, and ${conflicts.length - 3} more` : '';
  const part = applied === undefined ? '' : `; a part was applied, as revision ${applied}`;
  return new PolicyStoreError(
    'CONFLICT',
    `${texts.join(', ')}${more}${part}: look at what it is now, and apply again`,
    { conflicts, applied },
  );
}
