import type { Any } from '@meshkeeper/xds';
import type { Problems } from '../problems.ts';
import { type CorsPolicy, parseCorsPolicy, withinCors } from './cors-policy.ts';
import { type FaultPolicy, parseFaultPolicy } from './fault-policy.ts';
import { parseRateLimitPolicy, type RateLimitPolicy } from './rate-limit-policy.ts';

/** What one filter does to requests. */
export type FilterPolicy = CorsPolicy | FaultPolicy | RateLimitPolicy;

/** The policy of a filter; undefined when it does nothing. */
type Parse = (value: Uint8Array, problems: Problems, place: string) => FilterPolicy | undefined;

const TYPES = 'type.googleapis.com/envoy.extensions.filters.http.';

/** The filters that there are, by the message that configures them in a chain or for a route. */
const POLICIES: Readonly<Record<string, Parse>> = {
  // The filter itself has no policy: routes have.
  [`${TYPES}cors.v3.Cors`]: () => undefined,
  [`${TYPES}cors.v3.CorsPolicy`]: parseCorsPolicy,
  [`${TYPES}fault.v3.HTTPFault`]: parseFaultPolicy,
  [`${TYPES}local_ratelimit.v3.LocalRateLimit`]: parseRateLimitPolicy,
};

/** True when there is such a filter. */
export function isKnownFilter(any: Any | null | undefined): boolean {
  return POLICIES[any?.type_url ?? ''] !== undefined;
}

/**
 * What a filter is configured with; a problem for a filter that there isn't. `place` tells policies of
 * one configuration from each other.
 */
export function parseFilterPolicy(
  any: Any | null | undefined,
  problems: Problems,
  place: string,
): FilterPolicy | undefined {
  const type = any?.type_url ?? '';
  const parse = POLICIES[type];
  if (!parse) {
    problems.add('', `the embedded proxy has no ${type || 'such filter'}`);
    return undefined;
  }
  try {
    return parse(any?.value ?? new Uint8Array(), problems, place);
  } catch {
    problems.add('typed_config', 'is not a valid message of its type');
    return undefined;
  }
}

/** What filters do to the requests of a route, by their names in the chain. */
export type RouteFilters = ReadonlyMap<string, FilterPolicy | undefined>;

/**
 * `typed_per_filter_config` of one level, over that of the level around it: for each filter the
 * innermost goes, but for CORS, which is put together field by field. Undefined when no level has any.
 */
export function parseRouteFilters(
  configs: Readonly<Record<string, Any>> | null | undefined,
  outer: RouteFilters | undefined,
  problems: Problems,
  place: string,
): RouteFilters | undefined {
  const entries = Object.entries(configs ?? {});
  if (entries.length === 0) return outer;
  const own = entries.map(([name, any]) => {
    const at = problems.at(`typed_per_filter_config["${name}"]`);
    const policy = parseFilterPolicy(any, at, `${place} ${name}`);
    const around = outer?.get(name);
    const both = policy?.type === 'cors' && around?.type === 'cors';
    return [name, both ? withinCors(policy, around) : policy] as const;
  });
  return new Map([...(outer ?? []), ...own]);
}
