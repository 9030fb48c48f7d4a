import type { CuratorInstance } from './instance.ts';

/**
 * An instance as Curator's `JsonInstanceSerializer` writes it, byte for byte: the order of its
 * fields, compact, non-ASCII and `/` as they are, control characters with upper-case digits.
 */
export function encodeInstance(instance: CuratorInstance): Buffer {
  const { name, id, address, port, sslPort, payload } = instance;
  const { registrationTimeUTC, serviceType, uriSpec, enabled } = instance;
  const fields = { name, id, address, port, sslPort, payload };
  const written = { ...fields, registrationTimeUTC, serviceType, uriSpec, enabled };
  return Buffer.from(JSON.stringify(written).replace(/\\(?:u[0-9a-f]{4}|.)/g, jacksonEscape));
}

/** Jackson writes `\u001F` where JavaScript writes `\u001f`. */
function jacksonEscape(sequence: string): string {
  return sequence[1] === 'u' ? `\\u${sequence.slice(2).toUpperCase()}` : sequence;
}
