import type { EndpointSelector, RequestCondition, RoutingStage } from './routing.ts';
import type { Stated } from './stated.ts';

/** How an endpoint is chosen among those that a request may go to. Weights count in all of them. */
export type LoadBalancing =
  /** Envoy `RANDOM`, Dubbo `random`. */
  | 'random'
  /** Envoy `ROUND_ROBIN`, Dubbo `roundrobin`. */
  | 'round-robin'
  /** Envoy `LEAST_REQUEST`, Dubbo `leastactive`. */
  | 'least-request'
  /** By latency, the recent counting most; Finagle's, Dubbo `shortestresponse` and `adaptive`. */
  | 'peak-ewma'
  /** Envoy `RING_HASH`, Dubbo `consistenthash`. */
  | 'ring-hash';

/** How requests are sent. What is not stated is the data plane's default. */
export interface TrafficSettings {
  readonly loadBalancing?: Stated<LoadBalancing>;
  /** Milliseconds for a request with all of its tries; Gateway API `timeouts.request`. 0: no limit. */
  readonly timeout?: Stated<number>;
  /** Milliseconds for one try; Envoy `per_try_timeout`, Gateway API `timeouts.backendRequest`. */
  readonly perTryTimeout?: Stated<number>;
  /** Further tries after the first; Envoy `num_retries`. 0: none. */
  readonly retries?: Stated<number>;
}

/** Settings of one method; they go before those of all methods. */
export interface MethodSettings extends TrafficSettings {
  readonly method: string;
}

/** Settings, some of them for a method. */
export interface ScopedSettings extends TrafficSettings {
  /** By method, each once. */
  readonly methods?: readonly MethodSettings[];
}

/** Settings for some of the callers. */
export interface CallerSettings extends ScopedSettings {
  /** Which callers: all of it holds. */
  readonly match: readonly RequestCondition[];
}

/** What a rule sets on endpoints, by the registry's names: it is in them already as they are told. */
export interface EndpointSettings
  extends Stated<readonly (readonly [name: string, value: string])[]> {
  readonly selector: EndpointSelector;
}

/**
 * What is stated of a service's traffic, besides what its endpoints state of themselves: a value that
 * a registry's settings and an operator's policies both compile to, in which every part says where it
 * is from.
 */
export interface TrafficPolicy extends ScopedSettings {
  /** In order: a later one goes before an earlier, and any before what holds for all callers. */
  readonly callers?: readonly CallerSettings[];
  /** In the order in which they were set. */
  readonly endpoints?: readonly EndpointSettings[];
  /** In the order in which they are passed. */
  readonly routing?: readonly RoutingStage[];
}

/** True when both do the same to traffic: who says so is no difference. */
export function samePolicy(a: TrafficPolicy | undefined, b: TrafficPolicy | undefined): boolean {
  return same(a, b);
}

/** Structurally alike but for origins. Policies are lists and closed types: no key of theirs is data. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [mine, others] = [keysOf(a), keysOf(b)];
  return mine.length === others.length && mine.every((key) => same(a[key], b[key]));
}

function keysOf(value: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(value).filter((key) => key !== 'origin' && value[key] !== undefined);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
