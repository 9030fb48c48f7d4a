import { type RetryPolicy as Message, milliseconds } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** When and how often a request is tried again. Times in milliseconds. */
export interface RetryPolicy {
  /** Tries after the first one. */
  readonly retries: number;
  /** Of one try, until its response begins; 0 is no limit. */
  readonly perTryTimeout: number;
  /** A connection that ended before the response began. */
  readonly onReset: boolean;
  /** Responses with these statuses. */
  readonly onStatus: (status: number) => boolean;
  readonly backOff: { readonly base: number; readonly max: number };
}

/** What a route without a policy does: connections that fail are no matter of the policy. */
export const NO_RETRIES: RetryPolicy = {
  retries: 0,
  perTryTimeout: 0,
  onReset: false,
  onStatus: () => false,
  backOff: { base: 25, max: 250 },
};

/** Conditions for which HTTP/1 has nothing, and those that always hold: nothing was sent yet. */
const IGNORED = new Set([
  ...['connect-failure', 'reset-before-request', 'refused-stream', 'http3-post-connect-failure'],
]);
const GRPC = new Set([
  ...['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'],
]);

/** `config.route.v3.RetryPolicy`, its conditions as Envoy's `x-envoy-retry-on` defines them. */
export function parseRetryPolicy(
  message: Message | null | undefined,
  problems: Problems,
): RetryPolicy {
  if (!message) return NO_RETRIES;
  problems.unsupported('retriable_headers', message.retriableHeaders);
  const conditions = (message.retryOn ?? '').split(',').map((condition) => condition.trim());
  const statuses = new Set<number>();
  let onReset = false;
  let on5xx = false;
  for (const condition of conditions) {
    switch (condition) {
      case 'reset':
        onReset = true;
        break;
      case '5xx':
        onReset = true;
        on5xx = true;
        break;
      case 'gateway-error':
        onReset = true;
        for (const status of [502, 503, 504]) statuses.add(status);
        break;
      case 'retriable-4xx':
        statuses.add(409);
        break;
      case 'retriable-status-codes':
        for (const status of message.retriableStatusCodes ?? []) statuses.add(status);
        break;
      default:
        if (condition === '' || IGNORED.has(condition) || GRPC.has(condition)) break;
        problems.add('retry_on', `unknown condition ${condition}`);
    }
  }
  const base = milliseconds(message.retryBackOff?.baseInterval) ?? 25;
  return {
    retries: message.numRetries?.value ?? 1,
    perTryTimeout: milliseconds(message.perTryTimeout) ?? 0,
    onReset,
    onStatus: (status) => statuses.has(status) || (on5xx && status >= 500),
    backOff: { base, max: milliseconds(message.retryBackOff?.maxInterval) ?? base * 10 },
  };
}
