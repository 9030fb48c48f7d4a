import { checkLines, HttpSyntaxError, parseFields } from './header-lines.ts';

/** How the end of a response's body is known (RFC 9112, 6.3). */
export type Framing =
  | { readonly type: 'none' }
  | { readonly type: 'length'; readonly length: number }
  | { readonly type: 'chunked' }
  | { readonly type: 'close' };

/** The status line and the header fields of a response, judged strictly. */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Names as sent and values, in turns. */
  readonly fields: readonly string[];
  readonly framing: Framing;
  /** The server keeps the connection open after this response. */
  readonly keepAlive: boolean;
  /** Seconds of idleness after which the server closes, where it says so (`Keep-Alive: timeout=`). */
  readonly idleTimeout: number | undefined;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const NONE: Framing = { type: 'none' };
const CHUNKED: Framing = { type: 'chunked' };
const CLOSE: Framing = { type: 'close' };

/**
 * Parses a response head: latin1 text without the empty line at its end. `bodiless` says that the
 * request was a HEAD.
 *
 * @throws HttpSyntaxError on anything that two parsers could read differently.
 */
export function parseResponseHead(text: string, bodiless: boolean): ResponseHead {
  checkLines(text);
  const end = text.indexOf('\r\n');
  const line = STATUS_LINE.exec(end < 0 ? text : text.slice(0, end));
  if (!line) throw new HttpSyntaxError('a malformed status line');
  const status = Number(line[2]);
  const fields = end < 0 ? [] : parseFields(text, end + 2);
  let length: string | undefined;
  let coding: string | undefined;
  let connection = '';
  let keepAliveParameters: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    switch (name.length) {
      case 10:
        if (isNamed(name, 'connection')) connection += `,${value.toLowerCase()}`;
        else if (isNamed(name, 'keep-alive')) keepAliveParameters = value;
        break;
      case 14:
        if (!isNamed(name, 'content-length')) break;
        if (length !== undefined) throw new HttpSyntaxError('more than one Content-Length');
        length = value;
        break;
      case 17:
        if (!isNamed(name, 'transfer-encoding')) break;
        if (coding !== undefined) throw new HttpSyntaxError('more than one Transfer-Encoding');
        coding = value.toLowerCase();
    }
  }
  const framing = frame(status, bodiless, length, coding, line[1] === '1');
  return {
    status,
    reason: line[3] ?? '',
    fields,
    framing,
    keepAlive: framing !== CLOSE && staysOpen(connection, line[1] === '1'),
    idleTimeout: keepAliveParameters === undefined ? undefined : seconds(keepAliveParameters),
  };
}

function frame(
  status: number,
  bodiless: boolean,
  length: string | undefined,
  coding: string | undefined,
  http11: boolean,
): Framing {
  if (coding !== undefined) {
    if (length !== undefined) throw new HttpSyntaxError('Content-Length beside Transfer-Encoding');
    if (coding !== 'chunked') throw new HttpSyntaxError('a Transfer-Encoding other than chunked');
    if (!http11) throw new HttpSyntaxError('Transfer-Encoding in HTTP/1.0');
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw new HttpSyntaxError('a Content-Length that is not a number');
  }
  if (bodiless || status < 200 || status === 204 || status === 304) return NONE;
  if (coding !== undefined) return CHUNKED;
  if (length === undefined) return CLOSE;
  return length === '0' ? NONE : { type: 'length', length: Number(length) };
}

function staysOpen(connection: string, http11: boolean): boolean {
  if (connection === '') return http11;
  const options = connection.split(',').map((option) => option.trim());
  if (options.includes('close')) return false;
  return http11 || options.includes('keep-alive');
}

function seconds(parameters: string): number | undefined {
  const found = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(parameters);
  return found ? Number(found[1]) : undefined;
}

/** True when `name`, of the same length as the lower-case `wanted`, is it in any case. */
function isNamed(name: string, wanted: string): boolean {
  return name === wanted || name.toLowerCase() === wanted;
}
