import type { Abort, FaultPolicy } from '../../config/filters/fault-policy.ts';
import { happens } from '../../config/fraction.ts';
import type { FilterPass, FilterResult } from './filter-pass.ts';

/** The faults of one filter that are going on. */
export interface FaultState {
  active: number;
}

/** Fails or slows a request on purpose, as the policy says. */
export function applyFault(policy: FaultPolicy, pass: FilterPass, state: FaultState): FilterResult {
  const { request } = pass;
  if (state.active >= policy.maxActive) return undefined;
  if (policy.applies && !policy.applies(request)) return undefined;
  const { rate, delay, abort } = policy;
  const slow = rate !== undefined && happens(rate.share, request.random);
  const late = delay !== undefined && delay.duration > 0 && happens(delay.share, request.random);
  if (slow) pass.bytesPerSecond = rate.bytesPerSecond;
  if (slow || late) {
    state.active++;
    pass.endings.push(() => state.active--);
  }
  const aborted =
    abort && happens(abort.share, request.random)
      ? ({ type: 'answer', reply: abortReply(abort) } as const)
      : undefined;
  return late ? { type: 'delay', duration: delay.duration, afterwards: aborted } : aborted;
}

function abortReply(abort: Abort) {
  // Envoy's words; and its status for who does not speak gRPC and meets an error of it.
  const body = 'fault filter abort';
  return abort.type === 'http'
    ? { status: abort.status, body }
    : { status: 200, body, grpcStatus: abort.status };
}
