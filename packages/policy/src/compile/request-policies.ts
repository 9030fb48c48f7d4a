import type { FaultSettings, RateLimitSettings } from '@meshkeeper/mesh';
import { milliseconds } from '../kinds/duration.ts';
import type { FaultPolicy } from '../kinds/fault-policy.ts';
import type { RateLimitPolicy } from '../kinds/rate-limit-policy.ts';
import { compact } from './compact.ts';
import { headerMatches } from './match.ts';
import { originOf } from './origin.ts';

/** What a FaultPolicy does. */
export function faultSettings(policy: FaultPolicy): FaultSettings {
  const { headers, delay, abort, responseRate, maxActive } = policy.spec;
  return compact({
    origin: originOf(policy),
    headers: headerMatches(headers),
    delay: delay && { ...delay, duration: milliseconds(delay.duration) },
    abort,
    responseRate,
    maxActive,
  });
}

/** What a RateLimitPolicy limits; undefined of one without limits that data planes count themselves. */
export function rateLimitSettings(policy: RateLimitPolicy): RateLimitSettings | undefined {
  const { local, response, shadow } = policy.spec;
  if (local === undefined) return undefined;
  return {
    origin: originOf(policy),
    limits: local.limits.map(({ match = {}, requests, per, burst = requests }) =>
      compact({
        ...match,
        headers: headerMatches(match.headers),
        requests,
        per: milliseconds(per),
        burst,
      }),
    ),
    perConnection: local.perConnection,
    response: { status: response.status, headers: response.headers ?? [] },
    shadow,
  };
}
