import { milliseconds, type RouteAction } from '@meshkeeper/xds';
import type { RequestView } from './request-view.ts';

/** How many milliseconds a request may take from its first byte to its last one; 0 is no limit. */
export type StreamDuration = (request: RequestView) => number;

/** `config.route.v3.RouteAction.MaxStreamDuration`; undefined for no limit. */
export function parseStreamDuration(
  message: RouteAction['maxStreamDuration'],
): StreamDuration | undefined {
  const max = milliseconds(message?.maxStreamDuration) ?? 0;
  const grpcMax = milliseconds(message?.grpcTimeoutHeaderMax);
  if (grpcMax === undefined) return max > 0 ? () => max : undefined;
  const offset = milliseconds(message?.grpcTimeoutHeaderOffset) ?? 0;
  return (request) => {
    const asked = grpcTimeout(request.header('grpc-timeout'));
    if (asked === undefined) return max;
    const granted = grpcMax > 0 ? Math.min(asked, grpcMax) : asked;
    // Less than a millisecond is over at once, and not without a limit.
    return Math.max(1, granted - (offset < granted ? offset : 0));
  };
}

const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of gRPC's `grpc-timeout`; undefined when it says none. */
function grpcTimeout(text: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * UNITS[unit!]!;
}
