import { isIPv4, isIPv6 } from 'node:net';

/** The bytes of an address; undefined if it is none. */
function bytesOf(address: string): Uint8Array | undefined {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  if (!isIPv6(address) || address.includes('%') || address.includes('.')) return undefined;
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const bytes = new Uint8Array(16);
  const put = (at: number, group: string) => {
    const value = Number.parseInt(group, 16);
    bytes[at] = value >> 8;
    bytes[at + 1] = value & 0xff;
  };
  first.forEach((group, i) => {
    put(i * 2, group);
  });
  last.forEach((group, i) => {
    put(16 - (last.length - i) * 2, group);
  });
  return bytes;
}

interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

function networkOf(expression: string): Network | undefined {
  const slash = expression.indexOf('/');
  const bytes = bytesOf(slash === -1 ? expression : expression.slice(0, slash));
  if (bytes === undefined) return undefined;
  if (slash === -1) return { bytes, bits: bytes.length * 8 };
  const text = expression.slice(slash + 1);
  const bits = /^[+-]?\d+$/.test(text) ? Number(text) : -1;
  return bits >= 0 && bits <= bytes.length * 8 ? { bytes, bits } : undefined;
}

/** Whether an ACL may name this id in the ip scheme: an address, or `address/bits`. */
export function isIpId(id: string): boolean {
  return networkOf(id) !== undefined;
}

/** Whether a client's address lies in an ACL's network. */
export function ipMatches(address: string, expression: string): boolean {
  const network = networkOf(expression);
  const bytes = bytesOf(address);
  if (network === undefined || bytes?.length !== network.bytes.length) return false;
  for (let bit = 0, i = 0; bit < network.bits; bit += 8, i++) {
    const mask = 0xff & (0xff << Math.max(0, 8 - (network.bits - bit)));
    if ((bytes[i]! & mask) !== (network.bytes[i]! & mask)) return false;
  }
  return true;
}
