import type { BodyFraming } from '../upstream/stream.ts';

/** A request that is refused without asking an endpoint. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** What the proxy needs to know of a request's head. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, as they are sent on. */
  readonly target: string;
  /** As the client sent it, with its port. */
  readonly host: string;
  readonly body: BodyFraming;
  /** The end-to-end fields, names and values in turns, but for those that the proxy sets itself. */
  readonly fields: readonly string[];
  readonly forwardedFor: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly forwardedHost: string | undefined;
  readonly requestId: string | undefined;
  /** The client takes trailers. */
  readonly trailers: boolean;
  /** The protocol that the client asks to upgrade to, lower case. */
  readonly upgrade: string | undefined;
}

/** Rules of a listener for what it takes. */
export interface HeadRules {
  /** What becomes of requests with an underscore in a header's name, or of such headers. */
  readonly underscores: 'allow' | 'reject' | 'drop';
  readonly codec: { readonly maxRequestHeaders: number };
}

/** There are more header fields than the listener takes. */
export const TOO_MANY: Refusal = { status: 431, message: 'There are too many headers.' };

export const NO_BODY: BodyFraming = { type: 'none' };
export const CHUNKED: BodyFraming = { type: 'chunked' };

/**
 * Reads a request's head as Node's strict parser left it: `fields` are names and values in turns.
 * What is hop by hop, by the standard or because Connection names it, is left out.
 */
export function readRequestHead(
  method: string,
  url: string,
  fields: readonly string[],
  http11: boolean,
  rules: HeadRules,
): RequestHead | Refusal {
  if (fields.length > rules.codec.maxRequestHeaders * 2) return TOO_MANY;
  let host: string | undefined;
  let body = NO_BODY;
  let kept: string[] = [];
  let connection: string | undefined;
  let upgrade: string | undefined;
  let te = '';
  let forwardedFor: string | undefined;
  let forwardedProto: string | undefined;
  let forwardedHost: string | undefined;
  let requestId: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (rules.underscores !== 'allow' && name.includes('_')) {
      if (rules.underscores === 'drop') continue;
      return refuse(400, 'A header name has an underscore.');
    }
    switch (SPECIAL_LENGTHS.has(name.length) ? name.toLowerCase() : '') {
      case 'host':
        if (host !== undefined) return refuse(400, 'There is more than one Host header.');
        host = value;
        continue;
      case 'connection':
        connection = connection === undefined ? value : `${connection},${value}`;
        continue;
      case 'content-length':
        if (body !== NO_BODY) return refuse(400, 'The length of the body is not clear.');
        body = { type: 'length', length: value };
        continue;
      case 'transfer-encoding':
        if (body !== NO_BODY || !http11) return refuse(400, 'The length of the body is not clear.');
        if (value.toLowerCase() !== 'chunked') {
          return refuse(501, 'The only transfer coding that is understood is chunked.');
        }
        body = CHUNKED;
        continue;
      case 'upgrade':
        upgrade = value.toLowerCase();
        continue;
      case 'te':
        te += `,${value.toLowerCase()}`;
        continue;
      case 'keep-alive':
      case 'proxy-connection':
      case 'expect':
      case 'http2-settings':
      // What a client says of its certificate is for nobody to believe.
      case 'x-forwarded-client-cert':
        continue;
      case 'x-forwarded-for':
        forwardedFor = forwardedFor === undefined ? value : `${forwardedFor}, ${value}`;
        continue;
      case 'x-forwarded-proto':
        forwardedProto = value;
        continue;
      case 'x-forwarded-host':
        forwardedHost = value;
        continue;
      case 'x-request-id':
        requestId = value;
        continue;
    }
    kept.push(name, value);
  }
  const options = connection === undefined ? NO_OPTIONS : connectionOptions(connection);
  if (options.named.size > 0) kept = without(kept, options.named);
  const target = originForm(method, url);
  if (target === undefined) return refuse(400, 'The request target is malformed.');
  // RFC 9112, 3.2.2: the authority of an absolute target comes before the Host header.
  const authority = target.authority ?? host ?? '';
  if (!isHost(authority)) return refuse(400, 'The host is malformed.');
  return {
    method,
    target: target.path,
    host: authority,
    body,
    fields: kept,
    forwardedFor,
    forwardedProto,
    forwardedHost,
    requestId,
    trailers: te !== '' && te.split(',').some((coding) => coding.trim() === 'trailers'),
    upgrade: options.upgrade ? upgrade : undefined,
  };
}

/** The lengths of the names that are looked at; most names need not be put into lower case. */
const SPECIAL_LENGTHS = new Set(
  [
    ...['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te'],
    ...['keep-alive', 'proxy-connection', 'expect', 'http2-settings', 'x-forwarded-for'],
    ...['x-forwarded-proto', 'x-forwarded-host', 'x-request-id', 'x-forwarded-client-cert'],
  ].map((name) => name.length),
);

interface ConnectionOptions {
  readonly upgrade: boolean;
  /** Fields that the client means for the proxy only. */
  readonly named: ReadonlySet<string>;
}

const NO_OPTIONS: ConnectionOptions = { upgrade: false, named: new Set() };

function connectionOptions(value: string): ConnectionOptions {
  if (value === 'keep-alive' || value === 'close') return NO_OPTIONS;
  const named = new Set(value.split(',').map((option) => option.trim().toLowerCase()));
  const upgrade = named.has('upgrade');
  for (const option of ['', 'keep-alive', 'close', 'upgrade', 'te']) named.delete(option);
  return { upgrade, named };
}

function without(fields: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!named.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}

/** The path, and the authority if it is there, of a request's target; undefined if it is malformed. */
export function originForm(
  method: string,
  url: string,
): { readonly path: string; readonly authority?: string } | undefined {
  if (url.includes('#')) return undefined;
  if (url.startsWith('/')) return { path: url };
  if (url === '*' && method === 'OPTIONS') return { path: '*' };
  const absolute = /^https?:\/\/([^/?#@]+)(|[/?].*)$/i.exec(url);
  if (!absolute) return undefined;
  const rest = absolute[2]!;
  return { authority: absolute[1]!, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Names of services may hold what names of hosts may not, but nothing that can't be seen. */
export function isHost(text: string): boolean {
  return /^[!-~]*$/.test(text);
}

/** A refusal with a sentence. */
export function refuse(status: number, message: string): Refusal {
  return { status, message };
}
