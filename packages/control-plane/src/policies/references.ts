import { isGateway, isRoute, type Policy, references, rulesOf } from '@meshkeeper/policy';
import { refId } from './policy-paths.ts';

/** Something that a policy needs another to have. */
export type Need =
  /** A policy; with `part` a listener, a port, or a rule of it. */
  | { readonly type: 'policy'; readonly id: string; readonly part?: string }
  | { readonly type: 'subset'; readonly service: string; readonly subset: string };

/** Tells needs apart. */
export function needKey(need: Need): string {
  return need.type === 'policy'
    ? JSON.stringify([need.id, need.part])
    : JSON.stringify([need.service, need.subset, 'subset']);
}

/** What a policy refers to, of other policies. */
export function needsOf(policy: Policy): Need[] {
  const { namespace } = policy.metadata;
  const other = (kind: Policy['kind'], name: string, of = namespace, part?: string): Need => {
    const ref = { kind, name, ...(of !== undefined && { namespace: of }) };
    return { type: 'policy', id: refId(ref), ...(part !== undefined && { part }) };
  };
  if (policy.kind === 'FaultPolicy' || policy.kind === 'RateLimitPolicy')
    return (policy.spec.targetRefs ?? []).flatMap(({ kind, name, sectionName }) =>
      kind === 'Service' ? [] : [other(kind, name, namespace, sectionName)],
    );
  if (!isRoute(policy)) return [];
  const gateways = (policy.spec.parentRefs ?? [])
    .filter(isGateway)
    .map(({ name, namespace: of, sectionName, port }) =>
      other('Gateway', name, of, sectionName ?? (port === undefined ? undefined : String(port))),
    );
  const subsets = references(policy).flatMap(({ to }): Need[] =>
    to.type === 'subset' ? [to] : [],
  );
  const extensions = rulesOf(policy).flatMap(({ filters = [] }) =>
    filters.flatMap((filter) => {
      if (filter.type !== 'ExtensionRef') return [];
      const { kind, name } = filter.extensionRef;
      return kind === 'FaultPolicy' || kind === 'RateLimitPolicy' ? [other(kind, name)] : [];
    }),
  );
  return [...gateways, ...subsets, ...extensions];
}

/** Whether a policy, which has the need's id, has the part of it. */
export function hasPart(policy: Policy, part: string | undefined): boolean {
  if (part === undefined) return true;
  if (policy.kind === 'Gateway')
    return policy.spec.listeners.some(({ name, port }) => name === part || String(port) === part);
  return isRoute(policy) && rulesOf(policy).some(({ name }) => name === part);
}
