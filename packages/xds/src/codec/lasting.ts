/**
 * The same bytes in memory of their own. Small buffers are cut from pools of 64 KB, and each holds on to
 * all of its pool: what is kept for long must not be one of them.
 */
export function lasting(bytes: Uint8Array): Buffer {
  const { buffer, byteOffset, length } = bytes;
  if (length === buffer.byteLength) return Buffer.from(buffer, byteOffset, length);
  const own = Buffer.allocUnsafeSlow(length);
  own.set(bytes);
  return own;
}
