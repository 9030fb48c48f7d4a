import { isPolicyKind, type Policy, type PolicyKind } from '@meshkeeper/policy';
import { joinPath } from '@meshkeeper/zookeeper';

/** Where policies are kept: `/meshkeeper/policies/HTTPRoute/shop`, `…/HTTPRoute/team-a:shop`. */
export const POLICIES = '/meshkeeper/policies';
/** Where it is kept who has applied what: a znode a revision. */
export const RECORDS = '/meshkeeper/audit/policies';

/** A higher revision is none of ours: what follows on it could not be counted. */
export const MAX_REVISION = 999_999_999;

/** Which policy. */
export interface PolicyRef {
  readonly kind: PolicyKind;
  readonly namespace?: string;
  readonly name: string;
}

/** Which policy it is. */
export function refOf({ kind, metadata: { namespace, name } }: Policy): PolicyRef {
  return { kind, ...(namespace !== undefined && { namespace }), name };
}

/** As `policyId` of the policy: `HTTPRoute/shop`, `HTTPRoute/team-a/shop`. */
export function refId({ kind, namespace, name }: PolicyRef): string {
  return namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** The znode under which all policies of a kind are. */
export function kindPath(kind: PolicyKind): string {
  return joinPath(POLICIES, kind);
}

/** The znode of a policy. */
export function policyPath({ kind, namespace, name }: PolicyRef): string {
  const own = encodeName(name);
  return joinPath(
    kindPath(kind),
    namespace === undefined ? own : `${encodeName(namespace)}:${own}`,
  );
}

/** Whose znode it is; undefined when no policy's would be called so. */
export function refAt(path: string): PolicyRef | undefined {
  const [kind, own, ...deeper] = path.slice(POLICIES.length + 1).split('/');
  if (!isPolicyKind(kind) || !own || deeper.length > 0) return undefined;
  const [first = '', second] = own.split(':');
  try {
    const ref: PolicyRef =
      second === undefined
        ? { kind, name: decodeURIComponent(first) }
        : { kind, namespace: decodeURIComponent(first), name: decodeURIComponent(second) };
    // Of the ways to encode a name one is ours: two znodes can't be one policy's.
    return policyPath(ref) === path ? ref : undefined;
  } catch {
    return undefined; // not written by us
  }
}

/** The znode of a revision's record. */
export function recordPath(revision: number): string {
  return joinPath(RECORDS, String(revision).padStart(10, '0'));
}

/** The revision whose record a znode under `RECORDS` is; undefined when it is none. */
export function revisionAt(name: string): number | undefined {
  return /^0\d{9}$/.test(name) ? Number(name) : undefined;
}

/** A name as a part of a path: `/`, `:` and whatever a znode may not have is percent-encoded. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
}
