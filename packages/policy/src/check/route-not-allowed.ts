import type { Gateway, Listener } from '../kinds/gateway.ts';
import { meet } from '../kinds/host-match.ts';
import type { Route } from '../kinds/kinds.ts';
import { GATEWAY_API } from '../kinds/names.ts';
import { isGateway } from '../kinds/parent-ref.ts';
import type { Check } from './finding.ts';
import { gatewayOf, listenersOf } from './gateway-missing.ts';
import { isRoute, quoted, sameNamespace } from './references.ts';

/** Kinds of routes that go with a protocol. TLS that ends here carries connections. */
const BY_PROTOCOL: Readonly<Record<Listener['protocol'], readonly Route['kind'][]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TCPRoute'],
  TCP: ['TCPRoute'],
  UDP: [],
};

/** An error: no listener takes the route. */
export const routeNotAllowed: Check = {
  code: 'route-not-allowed',
  severity: 'error',
  what: 'No listener that a route asks for takes it: by its protocol, `allowedRoutes` or host name.',
  fix: 'Attach it to another listener, or change what the listener allows.',
  *run({ policies }) {
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const [i, ref] of (policy.spec.parentRefs ?? []).entries()) {
        const gateway = isGateway(ref) ? gatewayOf(policy, ref, policies) : undefined;
        if (gateway === undefined) continue;
        const listeners = listenersOf(gateway, ref);
        const reasons = listeners.map((listener) => obstacle(policy, gateway, listener));
        if (listeners.length === 0 || reasons.includes(undefined)) continue;
        yield {
          policy,
          path: ['spec', 'parentRefs', i],
          message: [...new Set(reasons)].join('; '),
        };
      }
    }
  },
};

/** Why a listener does not take a route; undefined when it does. */
export function obstacle(route: Route, gateway: Gateway, listener: Listener): string | undefined {
  const { name, protocol, hostname, allowedRoutes } = listener;
  const whose = `listener ${quoted(name)}`;
  if (!BY_PROTOCOL[protocol].includes(route.kind))
    return `${whose} speaks ${protocol}, which is not for a ${route.kind}`;
  const { kinds } = allowedRoutes;
  if (kinds && !kinds.some(({ group, kind }) => group === GATEWAY_API && kind === route.kind))
    return `${whose} allows only ${kinds.map(({ kind }) => kind).join(', ')}`;
  if (!isNamespaceAllowed(route, gateway, listener))
    return `${whose} allows no routes of namespace ${quoted(route.metadata.namespace ?? '')}`;
  const hosts = route.kind === 'TCPRoute' ? [] : (route.spec.hostnames ?? []);
  if (
    hostname !== undefined &&
    hosts.length > 0 &&
    !hosts.some((host) => meet(host, hostname) !== undefined)
  )
    return `${whose} is for ${hostname}, and the route for ${hosts.join(', ')}`;
  return undefined;
}

function isNamespaceAllowed(route: Route, gateway: Gateway, { allowedRoutes }: Listener): boolean {
  const { from, selector } = allowedRoutes.namespaces;
  if (from === 'All') return true;
  if (from === 'Same') return sameNamespace(route.metadata.namespace, gateway.metadata.namespace);
  // Which labels a namespace has only Kubernetes knows, but for its name.
  const name = selector?.matchLabels?.['kubernetes.io/metadata.name'];
  return name === undefined || name === route.metadata.namespace;
}
