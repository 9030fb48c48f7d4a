/** What is wrong with a message from the other side. The connection that sent it is of no more use. */
export class HttpSyntaxError extends Error {
  override readonly name = 'HttpSyntaxError';
}

/** NUL and other controls, DEL, a lone CR, a lone LF, or a folded line. Tab is allowed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const ILLEGAL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?:^|[^\r])\n|\r\n[ \t]/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Throws unless `text`, a head in latin1 without its last CRLF, is made of clean lines. */
export function checkLines(text: string): void {
  if (ILLEGAL.test(text))
    throw new HttpSyntaxError('a control character or a folded line in a header');
}

/**
 * Header fields from `text`, which {@link checkLines} has passed, beginning at `at`: names as sent
 * and values trimmed, in turns.
 *
 * @throws HttpSyntaxError on a name that is no token (RFC 9110, 5.1).
 */
export function parseFields(text: string, at: number): string[] {
  const fields: string[] = [];
  while (at < text.length) {
    let end = text.indexOf('\r\n', at);
    if (end < 0) end = text.length;
    const colon = text.indexOf(':', at);
    if (colon < 0 || colon >= end) throw new HttpSyntaxError('a header line without a colon');
    const name = text.slice(at, colon);
    if (!TOKEN.test(name)) throw new HttpSyntaxError('a header name that is not a token');
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    fields.push(name, text.slice(from, to));
    at = end + 2;
  }
  return fields;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
