import type { Protocol } from '@meshkeeper/mesh';
import { pack } from '../codec/any.ts';
import { duration } from '../codec/duration.ts';
import {
  PreviousHostsPredicate,
  type RetryPolicy,
  type Route,
  type RouteAction,
  type RouteMatch,
  type VirtualHost,
} from '../codec/messages.ts';

/** Conditions under which no byte of the request was processed: any request may be sent again. */
const UNPROCESSED = 'connect-failure,refused-stream,reset-before-request';

/** A response that broke off or never came: only an idempotent request may be sent again. */
const ANY_RESET = `${UNPROCESSED},reset`;

const NO_TIMEOUT = duration(0);
/** No byte in either direction for so long is a failure; what flows may flow for ever. */
const IDLE = duration(15_000);
const LONG_IDLE = duration(3_600_000);

function retryPolicy(retryOn: string): RetryPolicy {
  return {
    // No spaces: gRPC ignores what follows one.
    retryOn,
    numRetries: { value: 3 },
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
    retryBackOff: { baseInterval: duration(10), maxInterval: duration(100) },
  };
}

const CAUTIOUS = retryPolicy(UNPROCESSED);
const IDEMPOTENT = retryPolicy(ANY_RESET);

const UPGRADE: RouteMatch = { prefix: '/', headers: [{ name: 'upgrade', presentMatch: true }] };
const EVENT_STREAM: RouteMatch = {
  prefix: '/',
  headers: [{ name: 'accept', stringMatch: { contains: 'text/event-stream' } }],
};
/** The methods that RFC 9110 calls idempotent. */
const IDEMPOTENT_METHOD: RouteMatch = {
  prefix: '/',
  headers: [
    { name: ':method', stringMatch: { safeRegex: { regex: 'GET|HEAD|OPTIONS|TRACE|PUT|DELETE' } } },
  ],
};
const ALL: RouteMatch = { prefix: '/' };

/**
 * The routes of a service. Envoy's 15 seconds for a whole response would cut downloads and streams
 * off, so there is no such limit but one on silence: 15 seconds, an hour for upgrades and event
 * streams, none for gRPC, whose clients state their own deadline.
 */
export function virtualHost(
  name: string,
  protocol: Protocol,
  domains: readonly string[],
): VirtualHost {
  const to = (match: RouteMatch, action: RouteAction): Route => {
    return { match, route: { cluster: name, timeout: NO_TIMEOUT, ...action } };
  };
  const grpc = [
    to(ALL, {
      idleTimeout: NO_TIMEOUT,
      // 0: what the client says in `grpc-timeout` holds.
      maxStreamDuration: { grpcTimeoutHeaderMax: NO_TIMEOUT },
    }),
  ];
  const http = [
    to(UPGRADE, { idleTimeout: LONG_IDLE }),
    to(EVENT_STREAM, { idleTimeout: LONG_IDLE }),
    to(IDEMPOTENT_METHOD, { idleTimeout: IDLE, retryPolicy: IDEMPOTENT }),
    to(ALL, { idleTimeout: IDLE }),
  ];
  return {
    name,
    domains: [...domains],
    routes: protocol === 'grpc' ? grpc : http,
    retryPolicy: CAUTIOUS,
  };
}
