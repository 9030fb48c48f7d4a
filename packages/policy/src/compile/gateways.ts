import type { GatewayListener, GatewaySettings } from '@meshkeeper/mesh';
import { ourGateways } from '../check/gateway-class.ts';
import { gatewayOf, listenersOf } from '../check/gateway-missing.ts';
import { conflicts } from '../check/listener-conflict.ts';
import { obstacle } from '../check/route-not-allowed.ts';
import type { Gateway, Listener } from '../kinds/gateway.ts';
import { ANY_HOST, meet } from '../kinds/host-match.ts';
import type { Policy, Route } from '../kinds/kinds.ts';
import { isGateway } from '../kinds/parent-ref.ts';
import type { TCPRoute } from '../kinds/tcp-route.ts';
import { compact } from './compact.ts';
import { type HostedRules, rulesByHost } from './hosts.ts';
import { listenerTls } from './listener-tls.ts';
import { fullName } from './order.ts';
import { originOf } from './origin.ts';
import { connectionTargets, type RequestPolicies, type RequestRoute, rulesOf } from './rules.ts';

/**
 * The gateways that are served here, with the routes that are attached to them.
 * @param policies in order of their ids
 * @param routes in the order that decides ties
 */
export function gatewaySettings(
  policies: readonly Policy[],
  routes: readonly Route[],
  requestPolicies: RequestPolicies,
): readonly GatewaySettings[] {
  const gateways = ourGateways(policies);
  const attached = attachedRoutes(gateways, routes);
  const left = conflicts(gateways);
  return gateways.map((gateway) => ({
    name: fullName(gateway),
    origin: originOf(gateway),
    listeners: gateway.spec.listeners
      .filter((listener) => !left.has(listener))
      .flatMap((listener) =>
        listenerOf(gateway, listener, attached.get(listener) ?? [], requestPolicies),
      ),
  }));
}

/** The routes that each listener takes, in their order. */
function attachedRoutes(
  gateways: readonly Gateway[],
  routes: readonly Route[],
): ReadonlyMap<Listener, readonly Route[]> {
  const attached = new Map<Listener, Route[]>();
  for (const route of routes) {
    const listeners = (route.spec.parentRefs ?? []).filter(isGateway).flatMap((ref) => {
      const gateway = gatewayOf(route, ref, gateways);
      if (gateway === undefined) return [];
      return listenersOf(gateway, ref).filter(
        (listener) => obstacle(route, gateway, listener) === undefined,
      );
    });
    for (const listener of new Set(listeners))
      attached.set(listener, [...(attached.get(listener) ?? []), route]);
  }
  return attached;
}

const PROTOCOLS = { HTTP: 'http', HTTPS: 'https', TLS: 'tls', TCP: 'tcp' } as const;

function listenerOf(
  gateway: Gateway,
  listener: Listener,
  routes: readonly Route[],
  policies: RequestPolicies,
): GatewayListener[] {
  const { name, port, protocol, hostname } = listener;
  if (protocol === 'UDP') return [];
  const tcp = routes.find((route): route is TCPRoute => route.kind === 'TCPRoute');
  return [
    compact({
      name,
      port,
      protocol: PROTOCOLS[protocol],
      hostname,
      tls: listenerTls(gateway, listener),
      hosts: rulesByHost(hostedRules(listener, routes, policies)),
      tcp: tcp && connectionTargets(tcp),
    }),
  ];
}

/**
 * The rules of a listener's routes. Routes of HTTP and of gRPC are not for one host together: of two
 * that would be the first by name is taken, as Gateway API says.
 */
function hostedRules(
  { hostname = ANY_HOST, port }: Listener,
  routes: readonly Route[],
  policies: RequestPolicies,
): readonly HostedRules[] {
  const taken: (HostedRules & Pick<Route, 'kind'>)[] = [];
  for (const route of routes) {
    if (route.kind === 'TCPRoute') continue;
    const { kind } = route;
    const hosts = hostsOf(route).flatMap((host) => meet(host, hostname) ?? []);
    if (!taken.some((other) => other.kind !== kind && share(other.hosts, hosts)))
      taken.push({ kind, hosts, rules: rulesOf(route, policies, port) });
  }
  return taken;
}

function hostsOf({ spec: { hostnames = [] } }: RequestRoute): readonly string[] {
  return hostnames.length === 0 ? [ANY_HOST] : hostnames;
}

function share(a: readonly string[], b: readonly string[]): boolean {
  return a.some((host) => b.some((other) => meet(host, other) !== undefined));
}
