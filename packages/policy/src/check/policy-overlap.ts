import { type Policy, policyId } from '../kinds/kinds.ts';
import { fit } from '../kinds/target-ref.ts';
import type { Check } from './finding.ts';
import { quoted } from './references.ts';

/** An error: which of them counts would be up to their names. */
export const policyOverlap: Check = {
  code: 'policy-overlap',
  severity: 'error',
  what: 'Two ServicePolicies name the same service equally exactly.',
  fix: 'Make one policy of them, or give one of them the more exact name.',
  *run({ policies, services }) {
    const told = new Set<string>();
    // Names that fit are compared by the services there are, equal names also without any.
    const named = policies.flatMap((policy) =>
      policy.kind === 'ServicePolicy' ? policy.spec.targetRefs.map(({ name }) => name) : [],
    );
    const exact = named.filter((name) => !name.includes('*'));
    const seen = new Map<string, Policy>();
    for (const policy of policies) {
      if (policy.kind !== 'ServicePolicy') continue;
      for (const [i, { name }] of policy.spec.targetRefs.entries()) {
        const other = seen.get(name);
        if (other !== undefined && other !== policy) {
          told.add(`${policyId(other)} ${policyId(policy)}`);
          const message = `${quoted(name)} is what ${policyId(other)} is for, too`;
          yield { policy, path: ['spec', 'targetRefs', i, 'name'], message };
        } else seen.set(name, policy);
      }
    }
    for (const service of new Set([...services.map(({ name }) => name), ...exact])) {
      const fits = policies
        .flatMap((policy) =>
          policy.kind === 'ServicePolicy'
            ? policy.spec.targetRefs.map(({ name }, i) => ({
                policy,
                name,
                i,
                exact: fit(name, service),
              }))
            : [],
        )
        .filter((found) => found.exact !== undefined);
      const most = Math.max(...fits.map(({ exact: value = -1 }) => value));
      const [first, ...others] = fits.filter(({ exact: value }) => value === most);
      for (const { policy, name, i } of others) {
        const pair = `${policyId(first!.policy)} ${policyId(policy)}`;
        if (policy === first!.policy || told.has(pair)) continue;
        told.add(pair);
        const message = `${quoted(name)} fits ${quoted(service)} as exactly as ${quoted(first!.name)} of ${policyId(first!.policy)}`;
        yield { policy, path: ['spec', 'targetRefs', i, 'name'], message };
      }
    }
  },
};
