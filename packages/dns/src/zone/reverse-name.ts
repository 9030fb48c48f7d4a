import { isIPv4, isIPv6 } from 'node:net';

const IPV4 = 'in-addr.arpa';
const IPV6 = 'ip6.arpa';

/** The name under which an address has its PTR records (RFC 1035 3.5, RFC 3596 2.5); undefined of a host name. */
export function reverseName(address: string): string | undefined {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.${IPV4}`;
  if (!isIPv6(address) || address.includes('%')) return undefined;
  return `${nibbles(address).reverse().join('.')}.${IPV6}`;
}

/** Whether names like this are those of addresses. */
export function isReverse(name: string): boolean {
  return name.endsWith(`.${IPV4}`) || name.endsWith(`.${IPV6}`);
}

/** The 32 hexadecimal digits of an address. */
function nibbles(address: string): string[] {
  // The URL has what is written in dots as digits, and leaves out the longest zeros only.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].flatMap((group) => [...group.padStart(4, '0')]);
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
