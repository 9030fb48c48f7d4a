import type { RetryPolicy } from '../config/retry-policy.ts';
import type { UpstreamFailure } from '../upstream/failure.ts';

/** Attempts that an endpoint has not looked at, whatever the policy counts. */
const MAX_FREE_ATTEMPTS = 5;
const IDEMPOTENT: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'],
]);

/** What is known of a request when an attempt has ended. */
export interface AttemptFacts {
  readonly method: string;
  /** All that was read of the body can be sent again. */
  readonly replayable: boolean;
  /** Attempts so far. */
  readonly attempts: number;
  /** Of these, the ones that the policy counts. */
  readonly policyRetries: number;
  /** A close that may have crossed the request has happened to it already. */
  readonly raced: boolean;
}

/** Whether to try again, and on whose account. `free` retries don't count against the policy. */
export type RetryDecision = 'no' | 'free' | 'policy';

/**
 * What to do after a failure that came before the response. A request of which nothing was sent goes
 * elsewhere at once; one that may have been processed as the policy says.
 */
export function afterFailure(
  { reason, reused }: UpstreamFailure,
  facts: AttemptFacts,
  policy: RetryPolicy,
): RetryDecision {
  if (reason === 'overflow' || !facts.replayable) return 'no';
  if (reason === 'connect' || reason === 'retired' || reason === 'refused') {
    const allowed = reason === 'refused' ? policy.onRefused : policy.onConnect;
    return allowed && facts.attempts < MAX_FREE_ATTEMPTS ? 'free' : 'no';
  }
  // RFC 9112, 9.3.1: the server closed an idle connection while the request was on its way.
  if (reused && !facts.raced && IDEMPOTENT.has(facts.method)) return 'free';
  return policy.onReset && facts.policyRetries < policy.retries ? 'policy' : 'no';
}

/** Milliseconds before the `n`th retry (from 1): exponential with full jitter, as Envoy. */
export function backOff(n: number, { backOff: limits }: RetryPolicy, random: number): number {
  return Math.min(limits.max, limits.base * 2 ** (n - 1)) * random;
}
