import { type Policy, policyId } from '../kinds/kinds.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';
import { fit } from '../kinds/target-ref.ts';

/** The ServicePolicy that counts for a service: the one that names it most exactly. */
export function policyFor(service: string, policies: readonly Policy[]): ServicePolicy | undefined {
  let best: ServicePolicy | undefined;
  let most = -1;
  for (const policy of policies) {
    if (policy.kind !== 'ServicePolicy') continue;
    for (const { name } of policy.spec.targetRefs) {
      const exact = fit(name, service) ?? -1;
      if (exact > most || (exact === most && best && policyId(policy) < policyId(best))) {
        best = policy;
        most = exact;
      }
    }
  }
  return best;
}
