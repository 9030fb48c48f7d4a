import type { RateLimitPolicy } from '../../config/filters/rate-limit-policy.ts';
import { happens } from '../../config/fraction.ts';
import { applyHeaderChanges } from '../../config/header-changes.ts';
import type { FilterPass, FilterResult } from './filter-pass.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** gRPC's RESOURCE_EXHAUSTED. */
const RESOURCE_EXHAUSTED = 8;

/** Refuses requests that are too many; `source` is the `node.cluster` of this proxy. */
export function applyRateLimit(
  policy: RateLimitPolicy,
  pass: FilterPass,
  limiter: RateLimiter,
  source: string,
): FilterResult {
  const { request, destination = '' } = pass;
  if (!happens(policy.enabled, request.random)) return undefined;
  const descriptors: string[] = [];
  for (const { stage, describe } of pass.rateLimits ?? []) {
    if (stage !== policy.stage) continue;
    const descriptor = describe({ request, source, destination });
    if (descriptor !== undefined) descriptors.push(descriptor);
  }
  if (limiter.allows(policy, descriptors, request.client)) return undefined;
  if (!happens(policy.enforced, request.random)) return undefined;
  const fields: string[] = [];
  if (policy.headers) applyHeaderChanges(fields, [policy.headers], request);
  // Envoy's words.
  const reply = { status: policy.status, body: 'local_rate_limited', fields };
  return {
    type: 'answer',
    reply: policy.exhausted ? { ...reply, grpcStatus: RESOURCE_EXHAUSTED } : reply,
  };
}
