import assert from 'node:assert/strict';

/** Normal deviates beyond which less than one of a million lies, at both ends together. */
const DEVIATES = 5;

/** Asserts that so many of so many are a share that is drawn: wrong once in a million runs. */
export function isShare(count: number, of: number, share: number, message: string): void {
  const deviation = Math.sqrt(of * share * (1 - share));
  const off = Math.abs(count - of * share);
  const told = `${message}: ${count} of ${of}, expected ${of * share}`;
  // Half of one for what is counted in whole ones.
  assert(off <= DEVIATES * deviation + 0.5, told);
}
