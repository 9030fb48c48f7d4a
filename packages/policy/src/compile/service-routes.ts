import type { ServiceRoutes } from '@meshkeeper/mesh';
import { holding, type RequestRoute, routesByService } from '../check/attached.ts';
import type { Route } from '../kinds/kinds.ts';
import type { TCPRoute } from '../kinds/tcp-route.ts';
import { compact } from './compact.ts';
import { type HostedRules, inOrder, rulesByHost } from './hosts.ts';
import { connectionTargets, type RequestPolicies, rulesOf } from './rules.ts';

/**
 * The routes of services (GAMMA), by service.
 * @param routes in the order that decides ties
 */
export function serviceRoutes(
  routes: readonly Route[],
  policies: RequestPolicies,
): ReadonlyMap<string, ServiceRoutes> {
  return new Map(
    [...routesByService(routes)].map(([service, all]) => [
      service,
      routesOf(holding(all), policies),
    ]),
  );
}

/** The rules of a route for host names of its own, and the services that it is attached to. */
export interface AddedRules extends HostedRules {
  readonly services: readonly string[];
}

/**
 * What routes of services add by host names of their own, each route once, in their order.
 * @param routes in the order that decides ties
 */
export function addedRules(
  routes: readonly Route[],
  policies: RequestPolicies,
): readonly AddedRules[] {
  const services = new Map<Route, string[]>();
  for (const [service, all] of routesByService(routes))
    for (const route of holding(all))
      services.set(route, [...(services.get(route) ?? []), service]);
  return routes.flatMap((route) => {
    const { kind, spec } = route;
    const attached = services.get(route);
    if (kind === 'TCPRoute' || attached === undefined || !spec.hostnames?.length) return [];
    return [{ services: attached, hosts: spec.hostnames, rules: rulesOf(route, policies) }];
  });
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
