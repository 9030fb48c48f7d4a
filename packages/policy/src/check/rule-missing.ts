import type { Check } from './finding.ts';
import { isRoute, quoted, rulesOf, sameNamespace } from './references.ts';

/** An error: the policy would do nothing. */
export const ruleMissing: Check = {
  code: 'rule-missing',
  severity: 'error',
  what: 'A FaultPolicy or a RateLimitPolicy is for a route, or a rule of one, that there is not.',
  fix: 'Correct `targetRefs`, or give the rule the name.',
  *run({ policies }) {
    for (const policy of policies) {
      if (policy.kind !== 'FaultPolicy' && policy.kind !== 'RateLimitPolicy') continue;
      for (const [i, { kind, name, sectionName }] of (policy.spec.targetRefs ?? []).entries()) {
        if (kind === 'Service') continue;
        const route = policies.find(
          (other) =>
            other.kind === kind &&
            other.metadata.name === name &&
            sameNamespace(other.metadata.namespace, policy.metadata.namespace),
        );
        const path = ['spec', 'targetRefs', i];
        if (route === undefined || !isRoute(route))
          yield { policy, path: [...path, 'name'], message: `there is no ${kind} ${quoted(name)}` };
        else if (
          sectionName !== undefined &&
          !rulesOf(route).some((rule) => rule.name === sectionName)
        )
          yield {
            policy,
            path: [...path, 'sectionName'],
            message: `${kind} ${quoted(name)} has no rule ${quoted(sectionName)}`,
          };
      }
    }
  },
};
