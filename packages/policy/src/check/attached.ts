import type { Gateway, Listener } from '../kinds/gateway.ts';
import type { GRPCRoute } from '../kinds/grpc-route.ts';
import { ANY_HOST, meet } from '../kinds/host-match.ts';
import type { HTTPRoute } from '../kinds/http-route.ts';
import type { Route } from '../kinds/kinds.ts';
import { isApplied } from '../kinds/order.ts';
import { isGateway, isService } from '../kinds/parent-ref.ts';
import { gatewayOf, listenersOf } from './gateway-missing.ts';
import { obstacle } from './route-not-allowed.ts';

/** Routes whose requests can be looked into. */
export type RequestRoute = HTTPRoute | GRPCRoute;

/** The routes that name each service as their parent, in the order in which they come. */
export function routesByService(
  routes: readonly Route[],
): ReadonlyMap<string, readonly [Route, ...Route[]]> {
  const attached = new Map<string, [Route, ...Route[]]>();
  for (const route of routes) {
    const services = (route.spec.parentRefs ?? []).filter(isService).map(({ name }) => name);
    for (const service of new Set(services)) push(attached, service, route);
  }
  return attached;
}

/** The routes that each listener takes, in the order in which they come. */
export function routesByListener(
  gateways: readonly Gateway[],
  routes: readonly Route[],
): ReadonlyMap<Listener, readonly [Route, ...Route[]]> {
  const attached = new Map<Listener, [Route, ...Route[]]>();
  for (const route of routes)
    for (const listener of new Set(takenBy(route, gateways))) push(attached, listener, route);
  return attached;
}

function takenBy(route: Route, gateways: readonly Gateway[]): readonly Listener[] {
  return (route.spec.parentRefs ?? []).filter(isGateway).flatMap((ref) => {
    const gateway = gatewayOf(route, ref, gateways);
    if (gateway === undefined) return [];
    return listenersOf(gateway, ref).filter(
      (listener) => obstacle(route, gateway, listener) === undefined,
    );
  });
}

function push<K>(lists: Map<K, [Route, ...Route[]]>, key: K, route: Route): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [route]);
  else list.push(route);
}

/** Routes of one kind for one service hold; GEP-1294: the first of these that there is. */
const KINDS = ['GRPCRoute', 'HTTPRoute', 'TCPRoute'] as const satisfies Route['kind'][];

/** Of the routes of a service those that hold: of a kind that an operator has applied, if there is one. */
export function holding(routes: readonly [Route, ...Route[]]): readonly [Route, ...Route[]] {
  const applied = routes.filter(isApplied);
  const deciding = applied.length > 0 ? applied : routes;
  const holds = KINDS.find((kind) => deciding.some((route) => route.kind === kind));
  const [first = routes[0], ...others] = routes.filter(({ kind }) => kind === holds);
  return [first, ...others];
}

/** A route at a listener. */
export interface TakenRoute {
  readonly route: RequestRoute;
  /** Those of the route that are the listener's, too; `*` for any. */
  readonly hosts: readonly string[];
}

/**
 * Of the routes of a listener those that hold, and those that don't with the one that is in their way:
 * a host is not for HTTP and gRPC together, as Gateway API says; the first holds.
 */
export function takenRoutes(
  { hostname = ANY_HOST }: Listener,
  routes: readonly Route[],
): { readonly taken: readonly TakenRoute[]; readonly refused: ReadonlyMap<Route, Route> } {
  const taken: TakenRoute[] = [];
  const refused = new Map<Route, Route>();
  for (const route of routes) {
    if (route.kind === 'TCPRoute') continue;
    const { hostnames = [] } = route.spec;
    const own = hostnames.length === 0 ? [ANY_HOST] : hostnames;
    const hosts = own.flatMap((host) => meet(host, hostname) ?? []);
    const other = taken.find(
      (known) => known.route.kind !== route.kind && shareHost(known.hosts, hosts),
    );
    if (other === undefined) taken.push({ route, hosts });
    else refused.set(route, other.route);
  }
  return { taken, refused };
}

function shareHost(a: readonly string[], b: readonly string[]): boolean {
  return a.some((host) => b.some((other) => meet(host, other) !== undefined));
}
