import { Targeted } from '../compile/targeted.ts';
import { type Policy, policyId } from '../kinds/kinds.ts';
import { byId } from '../kinds/order.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';

/** The ServicePolicy that counts for a service: the one that names it most exactly. */
export function policyFor(service: string, policies: readonly Policy[]): ServicePolicy | undefined {
  return policiesByService(policies)(service);
}

/** As `policyFor`, for those who ask about many services: policies are looked through once. */
export function policiesByService(
  policies: readonly Policy[],
): (service: string) => ServicePolicy | undefined {
  let index: Targeted<ServicePolicy> | undefined;
  return (service) => {
    index ??= new Targeted(
      new Map(
        policies
          .filter((policy): policy is ServicePolicy => policy.kind === 'ServicePolicy')
          .sort(byId)
          .map((policy) => {
            const names = policy.spec.targetRefs.map(({ name }) => name);
            return [policyId(policy), { names, value: policy }];
          }),
      ),
    );
    return index.get(service);
  };
}
