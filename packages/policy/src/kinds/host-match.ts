/** Any host name. */
export const ANY_HOST = '*';

/**
 * The host names that two patterns are both for, as a pattern; undefined where there are none. A pattern
 * is a host name, `*.` and the end of some (`*.example.com` is not for `example.com`), or `*`.
 */
export function meet(a: string, b: string): string | undefined {
  if (a === b || b === ANY_HOST) return a;
  if (a === ANY_HOST) return b;
  return within(a, b) ? a : within(b, a) ? b : undefined;
}

/** True when all that a pattern is for is what another one with `*` is for. */
function within(pattern: string, wider: string): boolean {
  return wider.startsWith('*.') && pattern.endsWith(wider.slice(1));
}
