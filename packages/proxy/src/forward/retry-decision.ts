import type { RetryPolicy } from '../config/retry-policy.ts';
import type { UpstreamFailure } from '../upstream/failure.ts';

/** Attempts that may fail to connect, whatever the policy says. */
const MAX_CONNECT_ATTEMPTS = 5;
const IDEMPOTENT: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'],
]);

/** What is known of a request when an attempt has ended. */
export interface AttemptFacts {
  readonly method: string;
  /** Some of the body was read from the client, and is gone. */
  readonly bodyConsumed: boolean;
  /** Attempts so far. */
  readonly attempts: number;
  /** Of these, the ones that the policy counts. */
  readonly policyRetries: number;
  /** A kept connection was closed on this request already as it went out. */
  readonly raced: boolean;
}

/** Whether to try again, and on whose account. `free` retries don't count against the policy. */
export type RetryDecision = 'no' | 'free' | 'policy';

/**
 * What to do after a failure that came before the response. A request of which nothing was sent is
 * always tried elsewhere; one that may have been processed only if doing it twice does no harm.
 */
export function afterFailure(
  { reason, reused }: UpstreamFailure,
  facts: AttemptFacts,
  policy: RetryPolicy,
): RetryDecision {
  if (reason === 'connect' || reason === 'retired' || reason === 'refused') {
    return facts.attempts < MAX_CONNECT_ATTEMPTS ? 'free' : 'no';
  }
  if (reason === 'overflow' || reason === 'protocol' || !isRepeatable(facts)) return 'no';
  // RFC 9112, 9.3.1: the server closed an idle connection while the request was on its way.
  if (reason === 'reset' && reused && !facts.raced) return 'free';
  return policy.onReset && facts.policyRetries < policy.retries ? 'policy' : 'no';
}

/** What to do with a response of this status. */
export function afterStatus(
  status: number,
  facts: AttemptFacts,
  policy: RetryPolicy,
): RetryDecision {
  if (policy.retries <= facts.policyRetries || !policy.onStatus(status)) return 'no';
  return isRepeatable(facts) ? 'policy' : 'no';
}

function isRepeatable({ method, bodyConsumed }: AttemptFacts): boolean {
  return !bodyConsumed && IDEMPOTENT.has(method);
}

/** Milliseconds before the `n`th retry (from 1): exponential with full jitter, as Envoy. */
export function backOff(n: number, { backOff: limits }: RetryPolicy, random: number): number {
  return Math.min(limits.max, limits.base * 2 ** (n - 1)) * random;
}
