/**
 * The directives of a DIGEST-MD5 message, `realm="a",nonce="b",qop=auth`, by their names. The first
 * of a directive that comes twice.
 * @throws Error for a text that is no such list.
 */
export function parseDirectives(text: string): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  const directive = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/y;
  while (directive.lastIndex < text.length) {
    const match = directive.exec(text);
    if (match === null) throw new Error(`"${text}" is no DIGEST-MD5 message`);
    const name = match[1]!.toLowerCase();
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!;
    if (!directives.has(name)) directives.set(name, value);
  }
  return directives;
}

/** A value in quotes. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
