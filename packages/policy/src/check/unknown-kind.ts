import { MESHKEEPER } from '../kinds/names.ts';
import { isGateway, isService } from '../kinds/parent-ref.ts';
import type { Check } from './finding.ts';
import { isRoute, references, rulesOf } from './references.ts';

/** An error: Gateway API answers requests to such a backend with 500. */
export const unknownKind: Check = {
  code: 'unknown-kind',
  severity: 'error',
  what: 'A route refers to a kind that there is not here.',
  fix: 'Parents are Gateway and Service, backends Service and Subset, extensions FaultPolicy and RateLimitPolicy.',
  *run({ policies }) {
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const [i, ref] of (policy.spec.parentRefs ?? []).entries())
        if (!isGateway(ref) && !isService(ref))
          yield {
            policy,
            path: ['spec', 'parentRefs', i, 'kind'],
            message: `a route can not be attached to ${ref.group}/${ref.kind}: write a Gateway, or a Service with group ""`,
          };
      for (const { to, kind, path } of references(policy))
        if (to.type === 'unknown')
          yield {
            policy,
            path: [...path, 'kind'],
            message:
              kind === 'Subset'
                ? `a Subset is written with group: ${MESHKEEPER} and name: service/subset`
                : `requests can not go to a ${kind}: write a Service, or a Subset of group ${MESHKEEPER}`,
          };
      for (const [i, { filters = [] }] of rulesOf(policy).entries())
        for (const [j, filter] of filters.entries())
          if (filter.type === 'ExtensionRef' && !isExtension(filter.extensionRef))
            yield {
              policy,
              path: ['spec', 'rules', i, 'filters', j, 'extensionRef', 'kind'],
              message: `there is no extension ${filter.extensionRef.group}/${filter.extensionRef.kind}: write FaultPolicy or RateLimitPolicy of group ${MESHKEEPER}`,
            };
    }
  },
};

/** True of kinds that a rule can take as an extension. */
export function isExtension({
  group,
  kind,
}: {
  readonly group: string;
  readonly kind: string;
}): boolean {
  return group === MESHKEEPER && (kind === 'FaultPolicy' || kind === 'RateLimitPolicy');
}
