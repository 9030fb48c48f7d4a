import type { FaultSettings } from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { duration } from '../../codec/duration.ts';
import {
  type Any,
  DenominatorType,
  type FractionalPercent,
  HTTPFault,
} from '../../codec/messages.ts';
import type { Flavour } from '../flavour.ts';
import { headerMatcher } from './match.ts';

/** The filter's name. */
export const FAULT_FILTER = 'envoy.filters.http.fault';
const NAME = 'envoy.extensions.filters.http.fault.v3.HTTPFault';

/** The filter as it is where no route says more: it does nothing. */
export const NO_FAULT: Any = pack(NAME, HTTPFault, {});

/**
 * Failures on purpose as a route, or a share of its requests, has them, by filter. gRPC does not look at
 * headers here and would let every call fail: those that ask for some are left out.
 */
export function faultConfig(
  settings: FaultSettings | undefined,
  flavour: Flavour,
): Record<string, Any> {
  if (settings === undefined || (flavour === 'grpc' && settings.headers.length > 0)) return {};
  return { [FAULT_FILTER]: fault(settings) };
}

function fault(settings: FaultSettings): Any {
  const { delay, abort, responseRate, headers, maxActive } = settings;
  return pack(NAME, HTTPFault, {
    ...(delay === undefined
      ? {}
      : { delay: { fixedDelay: duration(delay.duration), percentage: percent(delay.percent) } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...(abort.grpcStatus === undefined
              ? { httpStatus: abort.httpStatus ?? 500 }
              : { grpcStatus: abort.grpcStatus }),
            percentage: percent(abort.percent),
          },
        }),
    ...(responseRate === undefined
      ? {}
      : {
          responseRateLimit: {
            fixedLimit: { limitKbps: responseRate.kibibytesPerSecond },
            percentage: percent(responseRate.percent),
          },
        }),
    ...(headers.length === 0 ? {} : { headers: headers.map(headerMatcher) }),
    ...(maxActive === undefined ? {} : { maxActiveFaults: { value: maxActive } }),
  });
}

/** A share in percent, to four places. */
function percent(value: number): FractionalPercent {
  return { numerator: Math.round(value * 10_000), denominator: DenominatorType.MILLION };
}
