import { z } from 'zod';

const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const PATTERN = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;

/** A duration of Gateway API (GEP-2257): `10s`, `1m30s`, `250ms`; kept as it is written. */
export const duration = z
  .string()
  .regex(PATTERN, 'is no duration: write 250ms, 10s, 1m30s or 1h (whole numbers)');

/** A duration that lasts. */
export const positiveDuration = duration.refine((text) => milliseconds(text) !== 0, {
  message: 'has to be longer than nothing',
});

/** How long a duration is. NaN of a text that is none. */
export function milliseconds(text: string): number {
  if (!PATTERN.test(text)) return Number.NaN;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|h|m|s)/g))
    sum += Number(count) * UNITS[unit as keyof typeof UNITS];
  return sum;
}

/** True when a duration is longer than another; of what is no duration something else is said. */
export function isLonger(text: string, other: string): boolean {
  return milliseconds(text) > milliseconds(other);
}

/** True when a duration is longer than a limit of which nothing is no limit. */
export function exceeds(text: string, limit: string): boolean {
  return milliseconds(limit) !== 0 && isLonger(text, limit);
}

/** A duration as Gateway API writes it. @param ms a whole number, up to 99,999 hours */
export function durationText(ms: number): string {
  let left = ms;
  const parts: string[] = [];
  for (const [unit, size] of Object.entries(UNITS)) {
    const count = Math.floor(left / size);
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * size;
  }
  return parts.join('') || '0s';
}
