/** What `encodeURIComponent` leaves and Java's `URLEncoder` doesn't, and the space. */
const DIFFERS = /[!'()~]|%20/g;
/** Half of a character beyond U+FFFF, which UTF-8 can't say. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '!': '%21',
  "'": '%27',
  '(': '%28',
  ')': '%29',
  '~': '%7E',
  '%20': '+',
};

/** A text as Java's `URLEncoder` writes it in UTF-8: the name of a URL's znode, byte for byte. */
export function encode(text: string): string {
  // Java writes `?` for what has no UTF-8; JavaScript would throw.
  const written = text.isWellFormed() ? text : text.replace(LONE_SURROGATE, '?');
  return encodeURIComponent(written).replace(DIFFERS, (found) => ESCAPED[found] ?? found);
}

/** What {@link encode} has written; undefined when it is no such text. */
export function decode(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.includes('+') ? text.replaceAll('+', ' ') : text);
  } catch {
    return undefined;
  }
}
