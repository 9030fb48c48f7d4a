import type { GatewayListener, GatewaySettings } from '@meshkeeper/mesh';
import { routesByListener, takenRoutes } from '../check/attached.ts';
import { ourGateways } from '../check/gateway-class.ts';
import { conflicts } from '../check/listener-conflict.ts';
import type { Gateway, Listener } from '../kinds/gateway.ts';
import type { Policy, Route } from '../kinds/kinds.ts';
import { fullName } from '../kinds/order.ts';
import type { TCPRoute } from '../kinds/tcp-route.ts';
import { compact } from './compact.ts';
import { rulesByHost } from './hosts.ts';
import { listenerTls } from './listener-tls.ts';
import { originOf } from './origin.ts';
import { connectionTargets, type RequestPolicies, rulesOf } from './rules.ts';

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
  const attached = routesByListener(gateways, routes);
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

const PROTOCOLS = { HTTP: 'http', HTTPS: 'https', TLS: 'tls', TCP: 'tcp' } as const;

function listenerOf(
  gateway: Gateway,
  listener: Listener,
  routes: readonly Route[],
  policies: RequestPolicies,
): GatewayListener[] {
  const { name, port, protocol, hostname } = listener;
  if (protocol === 'UDP') return [];
  const hosted = takenRoutes(listener, routes).taken.map(({ route, hosts }) => ({
    hosts,
    rules: rulesOf(route, policies, listener),
  }));
  const tcp = routes.find((route): route is TCPRoute => route.kind === 'TCPRoute');
  return [
    compact({
      name,
      port,
      protocol: PROTOCOLS[protocol],
      hostname,
      tls: listenerTls(gateway, listener),
      hosts: rulesByHost(hosted),
      tcp: tcp && connectionTargets(tcp),
    }),
  ];
}
