import type { BodyFraming } from '../upstream/stream.ts';
import {
  CHUNKED,
  type HeadRules,
  isHost,
  NO_BODY,
  originForm,
  type Refusal,
  type RequestHead,
  refuse,
  TOO_MANY,
} from './request-head.ts';

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_A_TARGET = /[^!-~]/;

/**
 * Reads a request's head as nghttp2 has checked it: `fields` are names, pseudo-names among them, and
 * values in turns. `last`: no body follows.
 */
export function readHttp2RequestHead(
  fields: readonly string[],
  last: boolean,
  rules: HeadRules,
): RequestHead | Refusal {
  // The pseudo-fields come on top.
  if (fields.length > (rules.codec.maxRequestHeaders + 4) * 2) return TOO_MANY;
  const pseudo = new Map<string, string>();
  const kept: string[] = [];
  const special = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (rules.underscores !== 'allow' && name.includes('_')) {
      if (rules.underscores === 'reject') return refuse(400, 'A header name has an underscore.');
    } else if (SPECIAL.has(name)) special.set(name, joined(name, special.get(name), value));
    else kept.push(name, value);
  }
  const cookie = special.get('cookie');
  // RFC 9113, 8.2.3: HTTP/2 may send it in crumbs, HTTP/1 may not.
  if (cookie !== undefined) kept.push('cookie', cookie);
  const method = pseudo.get(':method') ?? '';
  const path = pseudo.get(':path') ?? '';
  if (!METHOD.test(method) || method === 'CONNECT') {
    return refuse(501, 'The method is not taken here.');
  }
  const target = NOT_IN_A_TARGET.test(path) ? undefined : originForm(method, path);
  if (target === undefined) return refuse(400, 'The request target is malformed.');
  const host = target.authority ?? pseudo.get(':authority') ?? special.get('host') ?? '';
  if (!isHost(host)) return refuse(400, 'The host is malformed.');
  return {
    method,
    target: target.path,
    host,
    body: last ? NO_BODY : framing(special.get('content-length')),
    fields: kept,
    forwardedFor: special.get('x-forwarded-for'),
    forwardedProto: special.get('x-forwarded-proto'),
    forwardedHost: special.get('x-forwarded-host'),
    requestId: special.get('x-request-id'),
    trailers: special.get('te') === 'trailers',
    upgrade: undefined,
  };
}

/** Fields that the proxy sets itself, or that are read here. */
const SPECIAL: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'te', 'expect', 'cookie', 'x-forwarded-for', 'x-forwarded-proto'],
  ...['x-forwarded-host', 'x-request-id', 'x-forwarded-client-cert'],
]);

function joined(name: string, before: string | undefined, value: string): string {
  if (before === undefined) return value;
  if (name === 'cookie') return `${before}; ${value}`;
  return name === 'x-forwarded-for' ? `${before}, ${value}` : value;
}

function framing(length: string | undefined): BodyFraming {
  return length === undefined ? CHUNKED : { type: 'length', length };
}
