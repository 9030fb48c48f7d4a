import { policyId } from '../kinds/kinds.ts';
import { byName } from '../kinds/order.ts';
import { isGateway, isService } from '../kinds/parent-ref.ts';
import { holding, routesByListener, routesByService, takenRoutes } from './attached.ts';
import type { Check } from './finding.ts';
import { ourGateways } from './gateway-class.ts';
import { gatewayOf, listenersOf } from './gateway-missing.ts';
import { isRoute, quoted } from './references.ts';

/** An error: Gateway API has the route rejected. */
export const routeKinds: Check = {
  code: 'route-kinds',
  severity: 'error',
  what: 'Routes of two kinds are for the same requests, and only one of them holds: of a service GRPCRoutes, else HTTPRoutes, else TCPRoutes; of a host at a listener those of the kind whose route is the first by name.',
  fix: 'Write all rules as routes of one kind; an HTTPRoute can match the paths of gRPC.',
  *run({ policies }) {
    const routes = policies.filter(isRoute).sort(byName);
    const gateways = ourGateways(policies);
    const byService = routesByService(routes);
    const byListener = routesByListener(gateways, routes);
    const refusedBy = new Map(
      [...byListener].map(([listener, all]) => [listener, takenRoutes(listener, all).refused]),
    );
    for (const policy of routes)
      for (const [i, ref] of (policy.spec.parentRefs ?? []).entries()) {
        const path = ['spec', 'parentRefs', i];
        const [holds] = isService(ref) ? holding(byService.get(ref.name) ?? [policy]) : [policy];
        if (holds.kind !== policy.kind)
          yield {
            policy,
            path,
            message: `${quoted(ref.name)} has ${policyId(holds)}, and routes of a service are of one kind: this one does not hold`,
          };
        const gateway = isGateway(ref) ? gatewayOf(policy, ref, gateways) : undefined;
        for (const listener of gateway === undefined ? [] : listenersOf(gateway, ref)) {
          const other = refusedBy.get(listener)?.get(policy);
          if (other !== undefined)
            yield {
              policy,
              path,
              message: `listener ${quoted(listener.name)} has ${policyId(other)} for the same host, and a host is for one kind: this route does not hold`,
            };
        }
      }
  },
};
