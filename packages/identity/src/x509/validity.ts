/** Clocks of others may be behind ours by so much, in milliseconds. */
const SKEW = 5 * 60_000;

/** From when to when something counts. Milliseconds since the epoch, whole seconds, as certificates have them. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * What is good from now on, or a little before: who is behind accepts it at once.
 * @param lifetime in milliseconds
 * @param until not longer than this
 */
export function validityFrom(
  now: number,
  lifetime: number,
  until = Number.POSITIVE_INFINITY,
): Validity {
  return { notBefore: second(now - SKEW), notAfter: second(Math.min(now + lifetime, until)) };
}

/** As certificates are made with it. */
export function dates({ notBefore, notAfter }: Validity) {
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
}

function second(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
