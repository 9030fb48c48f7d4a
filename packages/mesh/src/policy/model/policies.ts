import type { FaultSettings } from './fault-settings.ts';
import type { GatewayListener, GatewaySettings } from './gateway-settings.ts';
import type { RateLimitSettings } from './rate-limit-settings.ts';
import type { ServiceSettings } from './service-settings.ts';
import type { TrafficRule, WeightedTarget } from './traffic-rule.ts';

/**
 * The routes that are attached to a service: they are for its callers (GAMMA). Where there are rules
 * they stand in for the way to the service, and do not add to it: a request that none of them fits is
 * answered with 404 (gRPC: UNIMPLEMENTED; its own clients say UNAVAILABLE).
 */
export interface ServiceRoutes {
  /** For the service's own host names, the first that fits counts; undefined: requests go to the service. */
  readonly rules?: readonly TrafficRule[];
  /** For other host names, as {@link GatewayListener.hosts}. */
  readonly hosts: ReadonlyMap<string, readonly TrafficRule[]>;
  /** Where connections go; undefined: to the service. Those that nobody takes are closed. */
  readonly tcp?: readonly WeightedTarget[];
}

/**
 * All that operators have applied, compiled: by service, and without what no data plane needs to know.
 * Immutable; what has not changed is the same object in the next version, so that consumers compare
 * with `===`.
 */
export interface Policies {
  /** Routes by the service that they are attached to. */
  readonly routes: ReadonlyMap<string, ServiceRoutes>;
  /**
   * The host names that routes add for callers inside of the mesh, as {@link GatewayListener.hosts}: with the
   * rules of all routes that are attached to a service that `sees` is true for.
   */
  addedHosts(sees: (service: string) => boolean): ReadonlyMap<string, readonly TrafficRule[]>;
  /** By name. */
  readonly gateways: readonly GatewaySettings[];
  /** What is stated of a service: by the policy that names it most exactly. The same object for the same name. */
  settings(service: string): ServiceSettings | undefined;
  /** The failures on purpose that requests to a service meet, whichever route they come by. */
  fault(service: string): FaultSettings | undefined;
  /** The limits of requests to a service, whichever route they come by. */
  rateLimits(service: string): readonly RateLimitSettings[];
}

const NO_LIMITS: readonly RateLimitSettings[] = Object.freeze([]);
const NO_HOSTS: ReadonlyMap<string, readonly TrafficRule[]> = new Map();

/** Nothing was applied. */
export const NO_POLICIES: Policies = Object.freeze({
  routes: new Map(),
  addedHosts: () => NO_HOSTS,
  gateways: [],
  settings: () => undefined,
  fault: () => undefined,
  rateLimits: () => NO_LIMITS,
});
