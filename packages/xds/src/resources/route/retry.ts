import type { RetrySettings, TrafficRule } from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import { PreviousHostsPredicate, type RetryPolicy } from '../../codec/messages.ts';

/** Conditions under which no byte of the request was processed: any request may be sent again. */
const UNPROCESSED = ['connect-failure', 'refused-stream', 'reset-before-request'];

/** Of calls, as gRPC names them. */
const CALLS = ['unavailable', 'cancelled'];

/**
 * Where a route asks for it, and nobody says when: as Gateway API has it, also when a connection broke
 * off, or a try took too long.
 */
const ASKED_FOR = ['connect-failure', 'refused-stream', 'reset'];

const OTHER_HOST: RetryPolicy = {
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      typedConfig: pack(
        'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
        PreviousHostsPredicate,
        {},
      ),
    },
  ],
  hostSelectionRetryMaxAttempts: 5,
};

function byDefault(on: readonly string[]): RetryPolicy {
  return {
    // No spaces: gRPC ignores what follows one.
    retryOn: on.join(','),
    numRetries: { value: 3 },
    ...OTHER_HOST,
    retryBackOff: { baseInterval: duration(10), maxInterval: duration(100) },
  };
}

/** Where nobody says more, of any request. */
export const CAUTIOUS = byDefault(UNPROCESSED);

/** The same of requests that may be sent twice: also when the response broke off or never came. */
export const IDEMPOTENT = byDefault([...UNPROCESSED, 'reset']);

/** Of a route of which it is stated: it goes before the virtual host's. */
export const NO_RETRIES: RetryPolicy = { retryOn: '', numRetries: { value: 0 } };

/** The same, with a limit for one try. @param perTry milliseconds; 0 and undefined are none */
export function timed(policy: RetryPolicy, perTry: number | undefined): RetryPolicy {
  return perTry ? { ...policy, perTryTimeout: duration(perTry) } : policy;
}

/** What is stated of retries, by the route, then by the service; undefined: nothing. */
export interface StatedRetries {
  readonly rule: TrafficRule['retry'];
  readonly service: RetrySettings | undefined;
}

/**
 * When requests of a route are tried again; `none` when it is stated that they aren't, undefined when
 * nothing is stated.
 */
export function retryPolicy(
  stated: StatedRetries,
  grpc: boolean,
): RetryPolicy | 'none' | undefined {
  const { rule, service } = stated;
  if (rule === undefined && service === undefined) return undefined;
  const attempts = rule?.attempts ?? service?.attempts ?? 1;
  if (attempts === 0) return 'none';
  const codes = rule?.codes ?? service?.codes ?? [];
  const on: string[] = [...(service?.on ?? (grpc ? [...ASKED_FOR, ...CALLS] : ASKED_FOR))];
  if (codes.length > 0) on.push('retriable-status-codes');
  const base = wait(rule?.backoff ?? service?.backoff.base ?? 25);
  const max = wait(rule?.backoff === undefined ? (service?.backoff.max ?? 250) : 10 * base);
  return {
    retryOn: on.join(','),
    numRetries: { value: attempts },
    ...(service?.otherEndpoint === false ? {} : OTHER_HOST),
    ...(codes.length === 0 ? {} : { retriableStatusCodes: [...codes] }),
    retryBackOff: { baseInterval: duration(base), maxInterval: duration(Math.max(base, max)) },
  };
}

/** Envoy takes no wait of nothing, and gRPC for Node counts milliseconds in 31 bits. */
function wait(ms: number): number {
  return Math.min(0x7fff_ffff, Math.max(1, ms));
}
