import type { Check } from './finding.ts';
import { isRoute, quoted, rulesOf, sameNamespace } from './references.ts';
import { isExtension } from './unknown-kind.ts';

/** An error: what the rule asks for would not be done. */
export const policyMissing: Check = {
  code: 'policy-missing',
  severity: 'error',
  what: 'A rule names a FaultPolicy or a RateLimitPolicy that there is not.',
  fix: 'Correct the name, or apply the policy with the route or before it.',
  *run({ policies }) {
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const [i, { filters = [] }] of rulesOf(policy).entries())
        for (const [j, filter] of filters.entries()) {
          if (filter.type !== 'ExtensionRef' || !isExtension(filter.extensionRef)) continue;
          const { kind, name } = filter.extensionRef;
          const found = policies.some(
            (other) =>
              other.kind === kind &&
              other.metadata.name === name &&
              sameNamespace(other.metadata.namespace, policy.metadata.namespace),
          );
          if (!found)
            yield {
              policy,
              path: ['spec', 'rules', i, 'filters', j, 'extensionRef', 'name'],
              message: `there is no ${kind} ${quoted(name)}`,
            };
        }
    }
  },
};
