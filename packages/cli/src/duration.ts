import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PATTERN = /^(\d{1,9}(ms|s|m|h))+$/;

/** Reads a flag that is a duration, `30s` or `1m30s`, as milliseconds. */
export function duration(text: string): number {
  if (!PATTERN.test(text)) throw new InvalidArgumentError('Write a duration: 500ms, 30s or 2m.');
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h)/g))
    sum += Number(count) * UNITS[unit!]!;
  return sum;
}
