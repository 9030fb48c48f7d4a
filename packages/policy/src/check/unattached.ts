import type { Check } from './finding.ts';
import { isRoute, rulesOf } from './references.ts';

/** A warning: it harms nobody. */
export const unattached: Check = {
  code: 'unattached',
  severity: 'warning',
  what: 'A policy is for nothing: a route without parents, a fault or a limit that nothing refers to.',
  fix: 'Name what it is for in `parentRefs` or `targetRefs`, or delete it.',
  *run({ policies }) {
    const used = new Set<string>();
    for (const policy of policies)
      if (isRoute(policy))
        for (const { filters = [] } of rulesOf(policy))
          for (const filter of filters)
            if (filter.type === 'ExtensionRef')
              used.add(
                `${filter.extensionRef.kind} ${policy.metadata.namespace ?? ''} ${filter.extensionRef.name}`,
              );
    for (const policy of policies) {
      if (isRoute(policy) && (policy.spec.parentRefs ?? []).length === 0)
        yield { policy, path: ['spec'], message: 'has no parentRefs: the route is for nobody' };
      if (policy.kind !== 'FaultPolicy' && policy.kind !== 'RateLimitPolicy') continue;
      const { namespace = '', name } = policy.metadata;
      if (policy.spec.targetRefs === undefined && !used.has(`${policy.kind} ${namespace} ${name}`))
        yield {
          policy,
          path: ['spec'],
          message: 'has no targetRefs, and no rule refers to it: it is for nothing',
        };
    }
  },
};
