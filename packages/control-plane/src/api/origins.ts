/** What a browser says of where a request comes from. */
export interface FromWhere {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`. */
  readonly site: string | undefined;
  /** `Sec-Fetch-Mode`. */
  readonly mode: string | undefined;
}

/**
 * Whether a page of another site sends it: those may neither change nor read anything. Following a
 * link from elsewhere is no such thing. Pure.
 * @param allowed origins that may
 */
export function isForeign(
  { method, host, origin, site, mode }: FromWhere,
  allowed: readonly string[],
): boolean {
  if (origin !== undefined && allowed.includes(origin)) return false;
  if (origin !== undefined && !isSame(origin, host)) return true;
  const followed = method === 'GET' && mode === 'navigate';
  return site !== undefined && site !== 'same-origin' && site !== 'none' && !followed;
}

/** The scheme is not looked at: TLS may end before us. */
function isSame(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host?.toLowerCase().replace(/:(80|443)$/, '');
  } catch {
    return false; // `null`: nobody's
  }
}
