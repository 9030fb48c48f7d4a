import { type Finding, type Policy, pathText, policyId } from '@meshkeeper/policy';
import type { PolicyChange } from '../policies/policy-change.ts';
import type { PolicyRecord } from '../policies/policy-record.ts';
import { type Condition, conditionsOf, type Told } from '../policies/policy-status.ts';
import type { Conflict } from '../policies/policy-store-error.ts';
import type { StoredPolicy } from '../policies/stored-policy.ts';
import { timeView } from './proxy-views.ts';

/** A policy as it was applied, with what is the case with it; applying this again changes nothing. */
export type PolicyView = Omit<Policy, 'status'> & {
  readonly status: {
    readonly conditions: readonly Condition[];
    /** The revision of the policies that it came with; of one that a source has there is none. */
    readonly revision?: number;
    /** Which source has it, and which of its versions this is: it is changed there. */
    readonly source?: string;
    readonly version?: string;
    readonly appliedAt: string;
    readonly appliedBy?: string;
  };
};

/** @param findings those in it */
export function policyView(
  { policy, revision, at, by }: StoredPolicy,
  findings: readonly Finding[],
  told: Told,
): PolicyView {
  const status = {
    conditions: conditionsOf(findings, told),
    revision,
    appliedAt: timeView(at),
    ...(by !== undefined && { appliedBy: by }),
  };
  return { ...policy, status };
}

/** A policy that a source has. */
export function sourcedView(
  { policy, at, source }: StoredPolicy,
  conditions: readonly Condition[],
): PolicyView {
  const status = {
    conditions,
    ...(source && { source: source.name, version: source.version }),
    appliedAt: timeView(at),
  };
  return { ...policy, status };
}

/** Something that the checks find. */
export function findingView({
  policy,
  code,
  severity,
  path,
  message,
}: Omit<Finding, 'code'> & { readonly code: Finding['code'] | 'unsupported' }) {
  return {
    policy: policyId(policy),
    code,
    severity,
    path: pathText(path),
    /** The path for programs (RFC 6901). */
    pointer: path.map((key) => `/${String(key).replace(/~/g, '~0').replace(/\//g, '~1')}`).join(''),
    message,
  };
}

/** What has become of a policy, or would. @param bodies with the policy as it was and as it is */
export function changeView({ ref, outcome, before, after }: PolicyChange, bodies: boolean) {
  if (!bodies) return { ...ref, outcome };
  return { ...ref, outcome, ...(before && { before }), ...(after && { after }) };
}

/** Who has applied something. @param bodies with the policies as they were and became */
export function recordView({ at, apply: _, changes, ...record }: PolicyRecord, bodies: boolean) {
  return {
    ...record,
    at: timeView(at),
    changes: changes.map(({ before, after, ...ref }) => ({
      ...ref,
      change: changeOf(before, after),
      ...(bodies && { before, after }),
    })),
  };
}

function changeOf(before: unknown, after: unknown): 'deleted' | 'created' | 'changed' {
  if (after === undefined) return 'deleted';
  return before === undefined ? 'created' : 'changed';
}

/** Somebody else's change, as the API shows it. */
export function conflictView({ at, ...conflict }: Conflict) {
  return { ...conflict, ...(at !== undefined && { at: timeView(at) }) };
}
