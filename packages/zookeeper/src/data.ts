/** A znode's data: text is written as UTF-8, null as no data at all. */
export type Data = Uint8Array | string | null;

/** The bytes of data; a missing one is null. */
export function toBuffer(data: Data | undefined): Buffer | null {
  if (data === undefined || data === null) return null;
  if (typeof data === 'string') return Buffer.from(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
