import type { RouteConfiguration, VirtualHost } from '@meshkeeper/xds';
import { DomainIndex } from './domain-index.ts';
import type { RateLimitPolicy } from './filters/rate-limit-policy.ts';
import type { Problems } from './problems.ts';
import type { Condition, RequestView } from './request-view.ts';
import { parseRouteAction, type RouteAction } from './route-action.ts';
import { parseRouteMatch } from './route-match.ts';
import { configurationScope, type RouteScope, virtualHostScope } from './route-scope.ts';

interface Route {
  readonly matches: Condition;
  readonly routing: { readonly type: 'route'; readonly action: RouteAction };
}

/** What a route table says of a request. */
export type Routing =
  | Route['routing']
  | { readonly type: 'no-host' }
  | { readonly type: 'no-route' };

const NO_HOST: Routing = { type: 'no-host' };
const NO_ROUTE: Routing = { type: 'no-route' };

/** A route configuration, ready to be asked. Immutable once it is built. */
export class RouteTable {
  readonly #domains = new DomainIndex<readonly Route[]>();
  readonly #ignorePort: boolean;
  /** Names of the clusters that its routes send to. */
  readonly clusters: ReadonlySet<string>;
  /** Protocols, lower case, that some of its routes let clients upgrade to. */
  readonly upgrades: ReadonlySet<string>;
  /** The limits of requests that its routes have. */
  readonly limits: ReadonlySet<RateLimitPolicy>;

  private constructor(config: RouteConfiguration, problems: Problems) {
    this.#ignorePort = config.ignorePortInHostMatching === true;
    const clusters = new Set<string>();
    const upgrades = new Set<string>();
    const limits = new Set<RateLimitPolicy>();
    const scope = configurationScope(config, problems);
    for (const [i, host] of (config.virtualHosts ?? []).entries()) {
      const at = problems.at(`virtual_hosts[${i}]`);
      const routes = parseHost(host, scope, at);
      for (const { routing } of routes) {
        for (const name of clustersOf(routing.action)) clusters.add(name);
        for (const protocol of upgradesOf(routing.action)) upgrades.add(protocol);
        for (const limit of limitsOf(routing.action)) limits.add(limit);
      }
      for (const [d, domain] of (host.domains ?? []).entries()) {
        if (!this.#domains.add(domain, routes)) {
          at.add(`domains[${d}]`, `${domain} is malformed, or belongs to another virtual host too`);
        }
      }
    }
    this.clusters = clusters;
    this.upgrades = upgrades;
    this.limits = limits;
  }

  /** `config.route.v3.RouteConfiguration` as a table. It is of no use when there are problems. */
  static parse(config: RouteConfiguration, problems: Problems): RouteTable {
    return new RouteTable(config, problems);
  }

  /** What to do with a request for `host`, with its port if it came with one. */
  find(host: string, request: RequestView): Routing {
    const routes = this.#domains.find(this.#ignorePort ? withoutPort(host) : host);
    if (!routes) return NO_HOST;
    for (const route of routes) if (route.matches(request)) return route.routing;
    return NO_ROUTE;
  }
}

/** `host` without the port at its end. */
export function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  if (colon < 0 || host.indexOf(']', colon) >= 0) return host;
  return host.slice(0, colon);
}

function parseHost(host: VirtualHost, outer: RouteScope, problems: Problems): Route[] {
  const scope = virtualHostScope(host, outer, problems);
  return (host.routes ?? []).map((message, i) => {
    const at = problems.at(`routes[${i}]`);
    const bufferLimit = message.perRequestBufferLimitBytes?.value ?? scope.bufferLimit;
    const place = `${scope.place}/${message.name || i}`;
    const action = parseRouteAction(message, { ...scope, bufferLimit, place }, at);
    return {
      matches: parseRouteMatch(message.match ?? {}, at.at('match')),
      routing: { type: 'route', action },
    };
  });
}

function* clustersOf(action: RouteAction): Iterable<string> {
  if (action.type !== 'forward') return;
  for (const { name } of action.clusters) if (name !== '') yield name;
  for (const { cluster } of action.mirrors ?? []) yield cluster;
}

function* upgradesOf(action: RouteAction): Iterable<string> {
  if (action.type !== 'forward') return;
  for (const [protocol, allowed] of action.upgrades) if (allowed) yield protocol;
}

function* limitsOf(action: RouteAction): Iterable<RateLimitPolicy> {
  for (const { filters } of action.type === 'forward' ? action.clusters : [action]) {
    for (const policy of filters?.values() ?? []) if (policy?.type === 'rate-limit') yield policy;
  }
}
