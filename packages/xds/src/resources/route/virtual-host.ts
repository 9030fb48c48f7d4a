import type { VirtualHost } from '../../codec/messages.ts';
import { RateLimitSlots } from './rate-limit.ts';
import { CAUTIOUS } from './retry.ts';
import { type AnyRule, routesOf } from './route.ts';
import type { RouteContext } from './route-context.ts';

/** What requests for some host names meet. */
export interface HostRules {
  /** Unique in the route configuration. */
  readonly name: string;
  readonly domains: readonly string[];
  /**
   * Those of its hosts that nobody finds by its name: who asks for virtual hosts one by one gets each as one of its
   * own, which is called as it is.
   */
  readonly apart?: readonly string[];
  /** Most specific first; requests that none fits are answered with 404. */
  readonly rules: readonly AnyRule[];
}

/** A virtual host but for its name, and the policies of which it could not take the limits. */
export function virtualHost(
  { domains, rules }: HostRules,
  context: RouteContext,
): { readonly host: Omit<VirtualHost, 'name'>; readonly unlimited: RateLimitSlots['left'] } {
  const slots = new RateLimitSlots();
  const routes = rules.flatMap((rule) => routesOf(rule, context, slots));
  const configs = slots.configs();
  const host = {
    domains: [...domains],
    routes,
    ...(context.flavour === 'grpc' ? {} : { retryPolicy: CAUTIOUS }),
    ...(Object.keys(configs).length === 0 ? {} : { typedPerFilterConfig: configs }),
  };
  return { host, unlimited: slots.left };
}
