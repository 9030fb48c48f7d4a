/** What the 64 bits of a stored `ephemeralOwner` say. */
export type Owner =
  | { readonly kind: 'persistent' }
  | { readonly kind: 'session'; readonly sessionId: bigint }
  | { readonly kind: 'container' }
  | { readonly kind: 'ttl'; readonly ttl: number };

const CONTAINER = -(1n << 63n);
const EXTENDED = 0xffn << 56n;
const TTL_BITS = 40n;

/** Longest time to live, in milliseconds: 40 bits, about 34 years. */
export const MAX_TTL = Number((1n << TTL_BITS) - 1n);

/** Stored owner of a container. */
export const CONTAINER_OWNER = CONTAINER;

/** Stored owner of a znode with a time to live of `ttl` ms. */
export function ttlOwner(ttl: number): bigint {
  return BigInt.asIntN(64, EXTENDED | BigInt(ttl));
}

/** Takes a stored owner apart. */
export function ownerOf(stored: bigint): Owner {
  if (stored === 0n) return { kind: 'persistent' };
  if (stored === CONTAINER) return { kind: 'container' };
  if (BigInt.asUintN(64, stored) >> 56n === 0xffn)
    return { kind: 'ttl', ttl: Number(BigInt.asUintN(40, stored)) };
  return { kind: 'session', sessionId: stored };
}

/** Whether a session owns it: only such a znode is an ephemeral to a client. */
export function isEphemeral(stored: bigint): boolean {
  return stored !== 0n && ownerOf(stored).kind === 'session';
}
