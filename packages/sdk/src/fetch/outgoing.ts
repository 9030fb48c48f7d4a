import { type RequestHead, readRequestHead } from '@meshkeeper/proxy';
import { SdkError } from '../sdk-error.ts';
import { type BodySource, type RequestBody, requestBody } from './request-body.ts';

/** A request on its way out, for one service. */
export interface Outgoing {
  readonly method: string;
  /** The service's name, as it was written. */
  readonly service: string;
  /** The host as a whole, where that may be what a service is known by: before its name counts the one with a port. */
  readonly alias?: { readonly withPort?: string; readonly inZone?: string };
  readonly url: URL;
  /** What Host says. */
  readonly host: string;
  readonly headers: Headers;
  readonly body: RequestBody;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly signal: AbortSignal | undefined;
}

/** What `fetch` takes of a request that is written as an object; the platform's, and bodies of any kind. */
export interface MeshRequestInit extends Omit<RequestInit, 'body'> {
  readonly body?: BodySource;
}

const ZONE = '.mesh';
/** The methods that are written in upper case, however they are given. */
const NORMALIZED: ReadonlySet<string> = new Set([
  ...['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'],
]);
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What the connection is framed by: not the caller's to say. */
const FRAMING = ['connection', 'content-length', 'host', 'keep-alive', 'te', 'transfer-encoding'];
const RULES = { underscores: 'allow', codec: { maxRequestHeaders: 1_000 } } as const;

/**
 * Reads what `fetch` was called with.
 * @throws SdkError INVALID_ARGUMENT
 */
export function outgoing(input: string | URL | Request, init: MeshRequestInit = {}): Outgoing {
  const given = input instanceof Request ? input : undefined;
  const text = given?.url ?? String(input);
  const url = parseUrl(text);
  return made({ url, ...authority(text, url), host: url.host }, given, init);
}

/** A request by the service's own name, whatever characters that has; `path` begins with a slash. */
export function outgoingTo(service: string, path: string, init: MeshRequestInit = {}): Outgoing {
  if (!path.startsWith('/'))
    throw new SdkError('INVALID_ARGUMENT', `The path ${path} has to begin with a slash.`);
  const url = parseUrl(`http://service${path}`);
  return made({ url, service, host: service }, undefined, init);
}

/** The request that a redirect to `location` leads to. */
export function redirected(request: Outgoing, location: string, change: 'keep' | 'get'): Outgoing {
  const { url: from, service, alias, method, headers, body, redirect, signal } = request;
  const url = new URL(location, from);
  // A relative one stays with the service, whatever the URL makes of its name.
  const isSame = url.host === from.host;
  const kept = new Headers(headers);
  if (change === 'get')
    for (const name of ['content-type', 'content-encoding', 'content-language', 'content-location'])
      kept.delete(name);
  if (!isSame) for (const name of ['authorization', 'cookie']) kept.delete(name);
  return {
    ...{ url, headers: kept, redirect, signal },
    ...(isSame ? { service, ...(alias && { alias }) } : authority(location, url)),
    host: isSame ? request.host : url.host,
    method: change === 'get' ? 'GET' : method,
    body: change === 'get' ? { type: 'none' } : body,
  };
}

/** The head as the data plane takes it. */
export function headOf({ method, url, host, headers, body }: Outgoing): RequestHead {
  const fields: string[] = ['host', host];
  for (const [name, value] of headers) fields.push(name, value);
  if (body.type === 'bytes') fields.push('content-length', String(body.bytes.length));
  else if (body.type === 'stream' && body.length !== undefined)
    fields.push('content-length', String(body.length));
  else if (body.type === 'stream') fields.push('transfer-encoding', 'chunked');
  else if (method === 'POST' || method === 'PUT') fields.push('content-length', '0');
  const head = readRequestHead(method, url.pathname + url.search, fields, true, RULES);
  if ('message' in head) throw new SdkError('INVALID_ARGUMENT', head.message);
  return head;
}

function made(
  where: Pick<Outgoing, 'url' | 'service' | 'alias' | 'host'>,
  given: Request | undefined,
  init: MeshRequestInit,
): Outgoing {
  const method = methodOf(init.method ?? given?.method ?? 'GET');
  const body = requestBody(init.body === undefined ? given?.body : init.body);
  if (body.type !== 'none' && (method === 'GET' || method === 'HEAD'))
    throw new SdkError('INVALID_ARGUMENT', `A ${method} request has no body.`);
  const headers = headersOf(init.headers ?? given?.headers);
  for (const name of FRAMING) headers.delete(name);
  if (!headers.has('accept')) headers.set('accept', '*/*');
  if (!headers.has('user-agent')) headers.set('user-agent', 'meshkeeper-sdk');
  if (body.type !== 'none' && body.contentType !== undefined && !headers.has('content-type'))
    headers.set('content-type', body.contentType);
  const redirect = init.redirect ?? given?.redirect ?? 'follow';
  const signal = init.signal === undefined ? given?.signal : (init.signal ?? undefined);
  return { ...where, method, headers, body, redirect, signal };
}

function headersOf(init: RequestInit['headers']): Headers {
  try {
    return new Headers(init);
  } catch (cause) {
    throw new SdkError('INVALID_ARGUMENT', `A header is malformed: ${String(cause)}.`, { cause });
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  const wrong = (what: string) =>
    new SdkError('INVALID_ARGUMENT', `${text} ${what}: write http://SERVICE/PATH.`);
  if (url === null) throw wrong('is no absolute URL');
  if (url.protocol !== 'http:') throw wrong('is not for the mesh, which chooses TLS itself');
  if (url.username !== '' || url.password !== '') throw wrong('has credentials');
  return url;
}

/** The service that a URL is for. URLs are read in lower case; names may have others. */
function authority(text: string, url: URL): Pick<Outgoing, 'service' | 'alias'> {
  const written = /^http:\/\/([^/?#:@]+)/i.exec(text)?.[1];
  const host = written?.toLowerCase() === url.hostname ? written : url.hostname;
  if (host.endsWith(ZONE))
    return { service: host.slice(0, -ZONE.length), alias: { inZone: url.hostname } };
  // A platform's names are told apart by ports, too; names without a dot are no platform's.
  const withPort = url.port !== '' && host.includes('.');
  return { service: host, ...(withPort && { alias: { withPort: url.host } }) };
}

function methodOf(text: string): string {
  const upper = text.toUpperCase();
  if (!TOKEN.test(text) || FORBIDDEN.has(upper))
    throw new SdkError('INVALID_ARGUMENT', `${text} is no method for a request.`);
  return NORMALIZED.has(upper) ? upper : text;
}
