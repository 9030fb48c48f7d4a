import { isIP } from 'node:net';
import { isLoopback } from '../config/listen.ts';

/** `host` of `host:port`, `[::1]:port` or a bare one, in lower case and without brackets. */
export function hostnameOf(authority: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(authority);
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/\.$/, '');
}

/** An address without what makes an IPv4 one an IPv6 one. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/**
 * Whether a request is meant for this server: a page whose name was made to lead here (DNS rebinding)
 * sends its own name. Pure.
 * @param host the `Host` header
 * @param local the address that the request came to
 */
export function isOwnHost(
  host: string | undefined,
  local: string,
  { listen, allowed }: { readonly listen: string; readonly allowed: readonly string[] },
): boolean {
  if (host === undefined) return false;
  const name = hostnameOf(host);
  if (name === '') return false;
  if (isLoopback(name) || name.endsWith('.localhost')) return true;
  if (name === listen.toLowerCase() || (isIP(name) !== 0 && name === plainAddress(local)))
    return true;
  return allowed.some((each) => each === '*' || each.toLowerCase() === name);
}
