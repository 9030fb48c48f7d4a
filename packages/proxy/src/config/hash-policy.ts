import { Hash64 } from '@meshkeeper/mesh';
import { type HashPolicy as Message, milliseconds } from '@meshkeeper/xds';
import { parseFieldText } from './field-text.ts';
import type { Problems } from './problems.ts';
import { parseReplacement } from './regex.ts';
import { headerAccess, queryParameter, type RequestView } from './request-view.ts';

/** What a request is hashed to, and the cookie that its client is given for it. */
export interface RequestHash {
  readonly hash: Hash64 | undefined;
  /** The value of `set-cookie`. */
  readonly cookie: string | undefined;
}

/** Hashes a request, for balancers that go by it. */
export type HashPolicy = (request: RequestView) => RequestHash;

/** What is hashed, and the cookie that has to be set so that it is the same the next time. */
interface Found {
  readonly text: string | undefined;
  readonly cookie?: string;
}

interface Part {
  readonly find: (request: RequestView) => Found;
  readonly terminal: boolean;
}

/** `config.route.v3.RouteAction.hash_policy`, combined as Envoy does; undefined for none. */
export function parseHashPolicy(
  messages: readonly Message[] | null | undefined,
  problems: Problems,
): HashPolicy | undefined {
  if (!messages || messages.length === 0) return undefined;
  const parts = messages.map((message, i): Part => {
    const find = parsePart(message, problems.at(`hash_policy[${i}]`));
    return { find, terminal: message.terminal === true };
  });
  const one = new Hash64();
  return (request) => {
    let hash: Hash64 | undefined;
    let cookie: string | undefined;
    for (const { find, terminal } of parts) {
      const found = find(request);
      cookie ??= found.cookie;
      if (found.text !== undefined) {
        one.ofText(found.text);
        hash ??= new Hash64();
        rotate(hash);
        hash.high ^= one.high;
        hash.low ^= one.low;
      }
      if (terminal && hash) break;
    }
    return { hash, cookie };
  };
}

/** By one bit, so that two equal parts don't cancel each other out. */
function rotate(hash: Hash64): void {
  const { high, low } = hash;
  hash.high = (high << 1) | (low >>> 31);
  hash.low = (low << 1) | (high >>> 31);
}

const NOTHING: Found = { text: undefined };

function parsePart(message: Message, problems: Problems): Part['find'] {
  const { header, cookie, queryParameter: query, connectionProperties } = message;
  if (header) {
    const access = headerAccess(header.headerName ?? '');
    const rewrite = header.regexRewrite && parseRewrite(header.regexRewrite, problems.at('header'));
    return (request) => {
      const text = access(request);
      return { text: text !== undefined && rewrite ? rewrite(text) : text };
    };
  }
  if (query) {
    const name = query.name ?? '';
    return (request) => ({ text: queryParameter(request.query, name) });
  }
  if (cookie) return cookiePart(cookie, problems.at('cookie'));
  if (connectionProperties?.sourceIp) return ({ client }) => ({ text: client.remoteAddress });
  if (!connectionProperties) problems.add('', 'the embedded proxy can’t hash this');
  return () => NOTHING;
}

function parseRewrite(
  { pattern, substitution }: NonNullable<NonNullable<Message['header']>['regexRewrite']>,
  problems: Problems,
): (text: string) => string {
  const at = problems.at('regex_rewrite');
  return parseReplacement(pattern?.regex ?? '', substitution ?? '', at);
}

function cookiePart(message: NonNullable<Message['cookie']>, problems: Problems): Part['find'] {
  const name = parseFieldText(message.name, 'name', problems);
  const ttl = milliseconds(message.ttl);
  const attributes = (message.attributes ?? []).map((each, i) => {
    const text = each.value ? `; ${each.name}=${each.value}` : `; ${each.name}`;
    return parseFieldText(text, `attributes[${i}]`, problems);
  });
  const age = ttl ? `; Max-Age=${Math.trunc(ttl / 1000)}` : '';
  const stated = parseFieldText(message.path, 'path', problems);
  const path = stated === '' ? '' : `; Path=${stated}`;
  const rest = `${age}${path}${attributes.join('')}; HttpOnly`;
  return (request) => {
    const value = cookieValue(request.header('cookie') ?? '', name);
    if (value !== undefined && value !== '') return { text: value };
    if (ttl === undefined) return NOTHING;
    // The same for all requests of a connection, so that those that cross each other agree.
    const { remoteAddress, remotePort, localAddress, localPort } = request.client;
    const text = `${remoteAddress}:${remotePort}${localAddress}:${localPort}`;
    const fresh = new Hash64().ofText(text).toBigInt().toString(16).padStart(16, '0');
    return { text: fresh, cookie: `${name}="${fresh}"${rest}` };
  };
}

function cookieValue(cookies: string, name: string): string | undefined {
  for (const pair of cookies.split(';')) {
    const text = pair.trim();
    if (!text.startsWith(name) || text[name.length] !== '=') continue;
    const value = text.slice(name.length + 1);
    return /^".*"$/.test(value) ? value.slice(1, -1) : value;
  }
  return undefined;
}
