/** A text as the bytes of its UTF-8, a character for each: how texts of HTTP come, and are sent. */
export function asBytes(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1');
}
