import { BlockList, isIP } from 'node:net';

/** The families of addresses that a slice can hold. */
export type AddressType = 'IPv4' | 'IPv6';

/** An address as a slice takes it, or why none does. */
export type SliceAddress =
  | { readonly type: AddressType; readonly address: string }
  | { readonly fault: string };

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');

const LINK_LOCAL_MULTICAST = new BlockList();
LINK_LOCAL_MULTICAST.addSubnet('224.0.0.0', 24, 'ipv4');
LINK_LOCAL_MULTICAST.addSubnet('ff02::', 16, 'ipv6');

/**
 * What an API server takes in a slice, and how it wants it written: one address that it does not take
 * fails the whole slice, so what is wrong is told here first. IPv6 is made canonical (RFC 5952), and an
 * IPv4 address in IPv6 form is the IPv4 address.
 */
export function sliceAddress(text: string): SliceAddress {
  const address = canonical(text);
  if (address === undefined) return { fault: 'is no IP address' };
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  if (address === '0.0.0.0' || address === '::') return { fault: 'is the unspecified address' };
  if (LOOPBACK.check(address, family)) return { fault: 'is a loopback address' };
  if (LINK_LOCAL.check(address, family)) return { fault: 'is a link-local address' };
  if (LINK_LOCAL_MULTICAST.check(address, family))
    return { fault: 'is a link-local multicast address' };
  return { type: family === 'ipv4' ? 'IPv4' : 'IPv6', address };
}

function canonical(text: string): string | undefined {
  if (isIP(text) === 4) return text;
  // A scope is a link's: it says nothing to another machine.
  if (isIP(text) !== 6 || text.includes('%')) return undefined;
  const short = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
