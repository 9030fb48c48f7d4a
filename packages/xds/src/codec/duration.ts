import type { Duration } from './messages.ts';

/** `google.protobuf.Duration` of so many milliseconds. */
export function duration(milliseconds: number): Duration {
  const seconds = Math.trunc(milliseconds / 1000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) };
}

/** Node's timers hold twice of it, and take what is longer as nothing. */
const LONGEST = 1_000_000_000;

/**
 * The milliseconds of a `google.protobuf.Duration`, for timers: eleven days where it is longer; undefined
 * stays undefined.
 */
export function milliseconds(value: Duration | null | undefined): number | undefined {
  if (value === null || value === undefined) return undefined;
  return Math.min(LONGEST, Number(value.seconds ?? 0) * 1000 + (value.nanos ?? 0) / 1e6);
}
