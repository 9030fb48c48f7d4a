import { HTTPFault as Message, milliseconds } from '@meshkeeper/xds';
import { parseStatus } from '../field-text.ts';
import { parseFraction, type Share } from '../fraction.ts';
import { parseHeaderMatches } from '../header-match.ts';
import type { Problems } from '../problems.ts';
import type { Condition } from '../request-view.ts';

/** Failures on purpose. */
export interface FaultPolicy {
  readonly type: 'fault';
  /** Which requests; undefined: all. */
  readonly applies: Condition | undefined;
  /** Faults at once. */
  readonly maxActive: number;
  /** In milliseconds. */
  readonly delay: { readonly duration: number; readonly share: Share } | undefined;
  readonly abort: Abort | undefined;
  /** Of the response's body, in bytes a second. */
  readonly rate: { readonly bytesPerSecond: number; readonly share: Share } | undefined;
}

/** What requests are answered with, instead of being sent. */
export type Abort = { readonly share: Share } & (
  | { readonly type: 'http'; readonly status: number }
  | { readonly type: 'grpc'; readonly status: number }
);

/** `envoy.extensions.filters.http.fault.v3.HTTPFault`; undefined when it does nothing. */
export function parseFaultPolicy(value: Uint8Array, problems: Problems): FaultPolicy | undefined {
  const { delay, abort, responseRateLimit, headers, maxActiveFaults } = Message.decode(value);
  problems.at('delay').unsupported('header_delay', delay?.headerDelay);
  problems.at('abort').unsupported('header_abort', abort?.headerAbort);
  problems.at('response_rate_limit').unsupported('header_limit', responseRateLimit?.headerLimit);
  if (!delay && !abort && !responseRateLimit) return undefined;
  const limit = Number(responseRateLimit?.fixedLimit?.limitKbps ?? 0) * 1024;
  // As Envoy: a percentage that is not there is none.
  const share = (percentage: Parameters<typeof parseFraction>[0]) => parseFraction(percentage, 0);
  return {
    type: 'fault',
    applies: parseHeaderMatches(headers, problems),
    maxActive: maxActiveFaults?.value ?? Number.POSITIVE_INFINITY,
    delay: delay
      ? { duration: milliseconds(delay.fixedDelay) ?? 0, share: share(delay.percentage) }
      : undefined,
    abort: abort ? parseAbort(abort, share(abort.percentage), problems.at('abort')) : undefined,
    rate:
      limit > 0
        ? { bytesPerSecond: limit, share: share(responseRateLimit?.percentage) }
        : undefined,
  };
}

function parseAbort(
  message: NonNullable<Message['abort']>,
  share: Share,
  problems: Problems,
): Abort {
  const { httpStatus, grpcStatus } = message;
  if (message.headerAbort || (typeof grpcStatus === 'number' && !httpStatus)) {
    return { type: 'grpc', status: grpcStatus ?? 0, share };
  }
  return { type: 'http', status: parseStatus(httpStatus, 'http_status', problems), share };
}
