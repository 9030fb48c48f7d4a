import type { ServiceRoutes } from '@meshkeeper/mesh';
import type { Route } from '../kinds/kinds.ts';
import { isService } from '../kinds/parent-ref.ts';
import type { TCPRoute } from '../kinds/tcp-route.ts';
import { compact } from './compact.ts';
import { inOrder, rulesByHost } from './hosts.ts';
import { connectionTargets, type RequestPolicies, type RequestRoute, rulesOf } from './rules.ts';

/** Routes of one kind for one service hold; GEP-1294 says which: the first of these that there is. */
const KINDS = ['GRPCRoute', 'HTTPRoute', 'TCPRoute'] as const satisfies Route['kind'][];

/**
 * The routes of services (GAMMA), by service.
 * @param routes in the order that decides ties
 */
export function serviceRoutes(
  routes: readonly Route[],
  policies: RequestPolicies,
): ReadonlyMap<string, ServiceRoutes> {
  const attached = new Map<string, Route[]>();
  for (const route of routes) {
    const services = (route.spec.parentRefs ?? []).filter(isService).map(({ name }) => name);
    for (const service of new Set(services))
      attached.set(service, [...(attached.get(service) ?? []), route]);
  }
  return new Map(
    [...attached].map(([service, all]) => [service, routesOf(holding(all), policies)]),
  );
}

/** Those of one service that hold. */
function holding(routes: readonly Route[]): readonly Route[] {
  const holds = KINDS.find((kind) => routes.some((route) => route.kind === kind));
  return routes.filter(({ kind }) => kind === holds);
}

function routesOf(routes: readonly Route[], policies: RequestPolicies): ServiceRoutes {
  const tcp = routes.find((route): route is TCPRoute => route.kind === 'TCPRoute');
  const attached = routes
    .filter((route): route is RequestRoute => route.kind !== 'TCPRoute')
    .map((route) => ({ hosts: route.spec.hostnames ?? [], rules: rulesOf(route, policies) }));
  const own = attached.filter(({ hosts }) => hosts.length === 0);
  return compact({
    rules: own.length === 0 ? undefined : inOrder(own.flatMap(({ rules }) => rules)),
    hosts: rulesByHost(attached),
    tcp: tcp && connectionTargets(tcp),
  });
}
