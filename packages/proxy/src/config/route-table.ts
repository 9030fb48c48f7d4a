import type { RouteConfiguration, Route as RouteMessage, VirtualHost } from '@meshkeeper/xds';
import { DomainIndex } from './domain-index.ts';
import type { Condition, RequestView } from './header-match.ts';
import type { Problems } from './problems.ts';
import { parseRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { parseRouteAction, type RouteAction } from './route-action.ts';
import { parseRouteMatch } from './route-match.ts';

interface Route {
  readonly matches: Condition;
  readonly action: RouteAction;
}

/** What a route table says of a request. */
export type Routing =
  | { readonly type: 'route'; readonly action: RouteAction }
  | { readonly type: 'no-host' }
  | { readonly type: 'no-route' };

const NO_HOST: Routing = { type: 'no-host' };
const NO_ROUTE: Routing = { type: 'no-route' };

/** A route configuration, ready to be asked. Immutable once it is built. */
export class RouteTable {
  static readonly empty = new RouteTable({}, false);
  readonly #domains = new DomainIndex<readonly (Route & { readonly routing: Routing })[]>();
  readonly #ignorePort: boolean;
  /** Names of the clusters that its routes send to. */
  readonly clusters: ReadonlySet<string>;

  private constructor(config: RouteConfiguration, ignorePort: boolean, problems?: Problems) {
    this.#ignorePort = ignorePort;
    const clusters = new Set<string>();
    for (const [i, host] of (config.virtualHosts ?? []).entries()) {
      const at = problems?.at(`virtual_hosts[${i}]`);
      if (!at) continue;
      const routes = parseHost(host, at);
      for (const { action } of routes) {
        if (action.type === 'forward') for (const { name } of action.clusters) clusters.add(name);
      }
      const entry = routes.map((route) => ({
        ...route,
        routing: { type: 'route', action: route.action } as const,
      }));
      for (const [d, domain] of (host.domains ?? []).entries()) {
        if (!this.#domains.add(domain, entry)) {
          at.add(`domains[${d}]`, `${domain} is malformed, or belongs to another virtual host too`);
        }
      }
    }
    this.clusters = clusters;
  }

  /** `config.route.v3.RouteConfiguration` as a table. It is of no use when there are problems. */
  static parse(config: RouteConfiguration, problems: Problems): RouteTable {
    unsupportedHeaderChanges(config, problems);
    return new RouteTable(config, config.ignorePortInHostMatching === true, problems);
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

function parseHost(host: VirtualHost, problems: Problems): Route[] {
  unsupportedHeaderChanges(host, problems);
  const defaults: RetryPolicy | undefined = host.retryPolicy
    ? parseRetryPolicy(host.retryPolicy, problems.at('retry_policy'))
    : undefined;
  return (host.routes ?? []).map((message: RouteMessage, i) => {
    const at = problems.at(`routes[${i}]`);
    unsupportedHeaderChanges(message, at);
    return {
      matches: parseRouteMatch(message.match ?? {}, at.at('match')),
      action: parseRouteAction(message, defaults, at),
    };
  });
}

function unsupportedHeaderChanges(
  message: RouteConfiguration | VirtualHost | RouteMessage,
  problems: Problems,
): void {
  problems.unsupported('request_headers_to_add', message.requestHeadersToAdd);
  problems.unsupported('request_headers_to_remove', message.requestHeadersToRemove);
  problems.unsupported('response_headers_to_add', message.responseHeadersToAdd);
  problems.unsupported('response_headers_to_remove', message.responseHeadersToRemove);
}
