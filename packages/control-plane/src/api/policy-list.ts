import type { Catalog, PolicyCondition } from '@meshkeeper/mesh';
import { pathText, policyId } from '@meshkeeper/policy';
import { z } from 'zod';
import type { DataPlaneKinds } from '../convergence/data-plane-kinds.ts';
import type { MeshConvergence } from '../members/mesh-convergence.ts';
import { type PolicyRef, refId } from '../policies/policy-paths.ts';
import type { PolicyStandings } from '../policies/policy-standings.ts';
import type { PolicyList } from '../policies/policy-tree.ts';
import type { ServedPolicies } from '../policies/served-policies.ts';
import { sourceOfNamespace } from '../policies/sourced-policy.ts';
import type { StoredPolicy } from '../policies/stored-policy.ts';
import { unsupportedBy } from '../policies/unsupported-by.ts';
import type { MeshView } from './mesh-view.ts';
import { kindOf } from './policy-body.ts';
import { policyView, sourcedView } from './policy-views.ts';
import { ApiError } from './problem.ts';
import { programmedIn } from './programmed.ts';
import type { policyParams } from './schemas/policy-schemas.ts';

/** What policies are shown with. */
export interface PolicyListOptions {
  readonly served: ServedPolicies;
  /** How those stand that sources have. */
  readonly standings: PolicyStandings;
  readonly catalog: Catalog;
  readonly mesh: MeshConvergence;
  readonly meshView: MeshView;
  readonly kinds: DataPlaneKinds;
}

/** In which namespace. */
export const namespaced = z.strictObject({ namespace: z.string().optional() });

/** All policies, of one moment. @throws ApiError `zookeeper-unavailable` before they were read */
export function listOf({ served }: Pick<PolicyListOptions, 'served'>): PolicyList {
  if (served.list !== undefined) return served.list;
  throw new ApiError('zookeeper-unavailable', 'the policies were not read yet: try again later');
}

/** Makes views of policies, of one moment. */
export function viewer(
  list: PolicyList,
  { served, standings, catalog, mesh, meshView, kinds }: PolicyListOptions,
) {
  const findings = Map.groupBy(served.findings(catalog.snapshot), ({ policy }) => policyId(policy));
  const problems = new Map(list.problems.map(({ policy, message }) => [policy, message]));
  const programmed = new Map<number, PolicyCondition>();
  return (stored: PolicyList['policies'][number]) => {
    if (stored.source !== undefined) return sourcedView(stored, standings.conditionsOf(stored));
    const id = policyId(stored.policy);
    const { revision } = stored;
    const isServed = served.snapshotOf(revision) !== undefined;
    if (isServed && !programmed.has(revision))
      programmed.set(revision, programmedIn(mesh.progress(revision), meshView));
    return policyView(stored, findings.get(id) ?? [], {
      problem: problems.get(id),
      unsupported: unsupportedBy(stored.policy, kinds.connected).map(
        ({ path, message }) => `${pathText(path)}: ${message}`,
      ),
      programmed: programmed.get(revision),
    });
  };
}

/** Which policy a request is about. @throws ApiError */
export function refFrom(
  { kind, name }: z.output<typeof policyParams>,
  namespace: string | undefined,
): PolicyRef {
  return { kind: kindOf(kind), ...(namespace !== undefined && { namespace }), name };
}

/**
 * Which policy a request is to change.
 * @throws ApiError `kept-elsewhere` of one that a source has
 */
export function refToChange(
  params: z.output<typeof policyParams>,
  namespace: string | undefined,
): PolicyRef {
  const ref = refFrom(params, namespace);
  refuseSourced([ref]);
  return ref;
}

/** @throws ApiError `kept-elsewhere` */
export function refuseSourced(refs: readonly PolicyRef[]): void {
  for (const ref of refs) {
    const source = sourceOfNamespace(ref.namespace);
    if (source !== undefined)
      throw new ApiError(
        'kept-elsewhere',
        `${refId(ref)} is kept by the source ${source}: change it there`,
      );
  }
}

/** There are none of these. */
export function unknown(ids: readonly string[]): ApiError {
  return new ApiError('unknown-policy', `there is no ${ids.join(', ')}`);
}

/** The tag of a policy as it was written; its status is not in it. */
export function tagOf({ revision, source }: Pick<StoredPolicy, 'revision' | 'source'>): string {
  return source === undefined ? `"${revision}"` : `"${source.name}-${source.version}"`;
}
