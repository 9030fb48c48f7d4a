/**
 * Whether an IP address, or the host of an authority (`10.0.0.1:80`, `[::1]:80`), is in a block
 * (`10.0.0.0/8`, `fd00::/8`). What is no address is in none.
 */
export function isInBlock(block: string, text: string): boolean {
  const slash = block.lastIndexOf('/');
  const network = bitsOf(block.slice(0, slash));
  const length = block.slice(slash + 1);
  const address = bitsOf(hostOf(text));
  if (network === undefined || address === undefined || network.size !== address.size) return false;
  if (!/^\d{1,3}$/.test(length) || Number(length) > network.size) return false;
  const rest = BigInt(network.size - Number(length));
  return network.bits >> rest === address.bits >> rest;
}

/** Whether a text is a block of addresses. */
export function isBlock(text: string): boolean {
  return isInBlock(text, text.slice(0, text.lastIndexOf('/')));
}

function hostOf(text: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(text);
  if (bracketed !== null) return bracketed[1] ?? '';
  const colon = text.indexOf(':');
  return colon !== -1 && colon === text.lastIndexOf(':') ? text.slice(0, colon) : text;
}

function bitsOf(address: string): { readonly bits: bigint; readonly size: number } | undefined {
  if (!address.includes(':')) {
    const bits = bitsOfV4(address);
    return bits === undefined ? undefined : { bits, size: 32 };
  }
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<string>(Math.max(0, missing)).fill('0'), ...tail];
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  const bits = groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  return { bits, size: 128 };
}

function bitsOfV4(address: string): bigint | undefined {
  const octets = address.split('.');
  if (
    octets.length !== 4 ||
    !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256)
  )
    return undefined;
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}
