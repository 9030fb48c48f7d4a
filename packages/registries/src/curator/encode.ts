import type { CuratorInstance } from './instance.ts';

/** An escape as JavaScript writes it, or half of a character beyond U+FFFF. */
const DIFFERS = /\\(?:u[0-9a-f]{4}|.)|[\ud800-\udfff]/g;

/**
 * An instance as Curator's `JsonInstanceSerializer` writes it, byte for byte: the order of its
 * fields, compact, non-ASCII and `/` as they are, escapes with upper-case digits for control
 * characters and for those beyond U+FFFF.
 *
 * Members of objects are written in JavaScript's order: names that are whole numbers come first.
 */
export function encodeInstance(instance: CuratorInstance): Buffer {
  const { name, id, address, port, sslPort, payload } = instance;
  const { registrationTimeUTC, serviceType, uriSpec, enabled } = instance;
  const fields = { name, id, address, port, sslPort, payload };
  return encodeJson({ ...fields, registrationTimeUTC, serviceType, uriSpec, enabled });
}

/** A value as Jackson writes it. */
export function encodeJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value).replace(DIFFERS, asJackson));
}

/** Jackson writes `\u001F` where JavaScript writes `\u001f`, and `\uD83D\uDE00` for 😀. */
function asJackson(found: string): string {
  if (found[0] !== '\\') return `\\u${found.charCodeAt(0).toString(16).toUpperCase()}`;
  return found[1] === 'u' ? `\\u${found.slice(2).toUpperCase()}` : found;
}
