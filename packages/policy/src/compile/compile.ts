import type { Policies } from '@meshkeeper/mesh';
import { isRoute } from '../check/references.ts';
import { type Policy, type PolicyKind, policyId } from '../kinds/kinds.ts';
import { byId, byName } from '../kinds/order.ts';
import { Attachments } from './attachments.ts';
import { CompiledPolicies } from './compiled-policies.ts';
import { gatewaySettings } from './gateways.ts';
import { faultSettings, rateLimitSettings } from './request-policies.ts';
import { addedRules, serviceRoutes } from './service-routes.ts';
import { serviceSettings } from './service-settings.ts';

/**
 * What policies mean, in the model that data planes are told in. Pure: all policies that there are,
 * in any order, each with an id of its own. It does not throw: what can't be done is left out, as the
 * checks say.
 * @param before what of it is as it was is the same object in the result; where nothing differs that
 *   is all of it
 */
export function compilePolicies(policies: readonly Policy[], before?: Policies): Policies {
  const all = policies.toSorted(byId);
  const routes = all.filter(isRoute).sort(byName);
  const faults = new Attachments(ofKind(all, 'FaultPolicy'), faultSettings);
  const rateLimits = new Attachments(ofKind(all, 'RateLimitPolicy'), rateLimitSettings);
  const requestPolicies = { faults, rateLimits };
  const parts = {
    routes: serviceRoutes(routes, requestPolicies),
    added: addedRules(routes, requestPolicies),
    gateways: gatewaySettings(all, routes, requestPolicies),
    settings: new Map(
      ofKind(all, 'ServicePolicy').map((policy) => [
        policyId(policy),
        {
          names: policy.spec.targetRefs.map(({ name }) => name),
          value: serviceSettings(policy),
        },
      ]),
    ),
    faults: faults.ofServices,
    rateLimits: new Map(
      [...rateLimits.ofServices].map(([id, { names, value }]) => [id, { names, value: [value] }]),
    ),
  };
  return CompiledPolicies.of(parts, before);
}

function ofKind<Kind extends PolicyKind>(
  policies: readonly Policy[],
  kind: Kind,
): readonly Extract<Policy, { readonly kind: Kind }>[] {
  return policies.filter(
    (policy): policy is Extract<Policy, { readonly kind: Kind }> => policy.kind === kind,
  );
}
