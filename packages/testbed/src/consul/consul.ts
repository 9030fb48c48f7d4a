import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Certificate } from '../certificate.ts';
import { awaited } from './blocking.ts';
import { ConsulCatalog } from './catalog.ts';
import { ConsulFault } from './consul-fault.ts';
import { readOf } from './reads.ts';
import { isFields } from './registration.ts';
import { transact } from './txn.ts';
import { deregister, register } from './writes.ts';

/** What goes wrong with a request. */
export type ConsulTrouble =
  /** It is not looked at: this is the answer. */
  | { readonly type: 'status'; readonly status: number }
  /** Its connection is cut: before it is looked at, or when it was done. */
  | { readonly type: 'cut'; readonly when: 'before' | 'after' }
  /** It is looked at after so many milliseconds. */
  | { readonly type: 'delay'; readonly ms: number };

/** A request that came. */
export interface ConsulRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface ConsulOptions {
  /** The first is its own. Default `dc1`. */
  readonly datacenters?: readonly string[];
  /** Who may write, and who may only read; who has neither sees nothing. Default: everybody may all. */
  readonly acl?: { readonly write: string; readonly read?: string };
  /** Serves TLS; with an authority, callers need a certificate of it. */
  readonly tls?: { readonly certificate: Certificate; readonly clientAuthority?: string };
  /** Connections of one address at once. Default 200, as Consul's. */
  readonly maxConnections?: number;
  /** Default 10. */
  readonly index?: number;
}

/** A server that answers as a Consul agent does, of catalog and health. */
export interface Consul extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Of a datacentre; without a name its own. */
  catalog(datacenter?: string): ConsulCatalog;
  /** Those that came, in their order; can be emptied. */
  readonly requests: ConsulRequest[];
  /** Connections that are open. */
  readonly connections: number;
  /** Most that were open at once. */
  readonly mostConnections: number;
  /** What goes wrong with each request from now on. */
  trouble: (request: ConsulRequest) => ConsulTrouble | undefined;
  /** What it refuses with a status and a message. */
  fault(status: number, message: string): Error;
  /** Cuts all connections; while it is away, also those that come. */
  cut(): void;
  away: boolean;
  close(): Promise<void>;
}

/** Of a body. */
const MOST_BYTES = 512 * 1024;

/** Starts a stand-in for a Consul agent, on a free port of loopback. */
export async function startConsul(options: ConsulOptions = {}): Promise<Consul> {
  const { datacenters = ['dc1'], acl, tls, maxConnections = 200, index = 10 } = options;
  const catalogs = new Map(datacenters.map((name) => [name, new ConsulCatalog(name, index)]));
  for (const catalog of catalogs.values()) {
    register(catalog, ownService());
  }
  const own = catalogs.get(datacenters[0]!)!;
  const sockets = new Set<Socket>();
  let most = 0;
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    handle(request, response).catch(() => request.socket.destroy());
  };
  const server =
    tls === undefined
      ? createServer(handler)
      : createSecureServer(
          {
            cert: await readFile(tls.certificate.cert),
            key: await readFile(tls.certificate.key),
            ...(tls.clientAuthority !== undefined && {
              ca: await readFile(tls.clientAuthority),
              requestCert: true,
              rejectUnauthorized: true,
            }),
          },
          handler,
        );
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    if (consul.away) return socket.destroy();
    if (sockets.size >= maxConnections)
      return socket.end('HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\n\r\n');
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.on('close', () => sockets.delete(socket));
    return undefined;
  });

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', 'http://consul');
    const request = { method: message.method ?? '', path: url.pathname, query: url.searchParams };
    consul.requests.push(request);
    const trouble = consul.trouble(request);
    const body = await bodyOf(message);
    if (trouble?.type === 'delay') await pause(trouble.ms);
    if (trouble?.type === 'cut' && trouble.when === 'before') return void message.socket.destroy();
    let answer: Answer;
    try {
      if (trouble?.type === 'status') throw new ConsulFault(trouble.status, 'no cluster leader');
      answer = await answerOf(message, response, request, body);
    } catch (error) {
      if (!(error instanceof ConsulFault)) throw error;
      answer = { status: error.status, text: error.message };
    }
    if (trouble?.type === 'cut') return void message.socket.destroy();
    const { status = 200, headers = {}, text, json } = answer;
    const type = text === undefined ? 'application/json' : 'text/plain; charset=utf-8';
    response.writeHead(status, { 'content-type': type, vary: 'Accept-Encoding', ...headers });
    response.end(text ?? JSON.stringify(json));
  }

  async function answerOf(
    message: IncomingMessage,
    response: ServerResponse,
    { method, path, query }: ConsulRequest,
    body: Buffer,
  ): Promise<Answer> {
    const token = tokenOf(message, query);
    if (acl !== undefined && token !== '' && token !== acl.write && token !== acl.read)
      throw new ConsulFault(403, 'ACL not found');
    const mayWrite = acl === undefined || token === acl.write;
    const mayRead = mayWrite || token === acl?.read;
    const dc = query.get('dc') ?? '';
    if (method === 'GET') {
      if (path === '/v1/agent/self')
        return { json: { Config: { Datacenter: own.datacenter, Version: '1.20.6' }, Member: {} } };
      if (path === '/v1/status/leader') return { json: '127.0.0.1:8300' };
      if (path === '/v1/catalog/datacenters') return { json: [...catalogs.keys()].sort() };
      const catalog = catalogOf(dc);
      const read = readOf(path.replace(/^\/v1\//, ''), query);
      if (read === undefined) throw WRITTEN.has(path) ? notAllowed(method) : noSuchPath();
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const reached = await awaited(catalog, read, query, gone.signal);
      return {
        headers: {
          'x-consul-index': String(reached),
          'x-consul-knownleader': 'true',
          'x-consul-lastcontact': '0',
          'x-consul-effective-consistency': query.has('stale') ? 'stale' : 'leader',
          ...(!mayRead && { 'x-consul-results-filtered-by-acls': 'true' }),
        },
        json: mayRead ? read.answer(catalog) : read.none,
      };
    }
    if (method !== 'PUT' || !WRITTEN.has(path)) throw notAllowed(method);
    if (body.length > MOST_BYTES)
      throw new ConsulFault(
        413,
        `Request body(${body.length} bytes) too large, max size: ${MOST_BYTES} bytes. See https://www.consul.io/docs/agent/config/config-files#txn_max_req_len.`,
      );
    const stated = parsed(body);
    const catalog = catalogOf(dc || (isFields(stated) ? String(stated.Datacenter ?? '') : ''));
    if (!mayWrite)
      throw new ConsulFault(
        403,
        "Permission denied: token with AccessorID '00000000-0000-0000-0000-000000000002' lacks permission 'node:write'",
      );
    if (path === '/v1/txn') {
      if (!Array.isArray(stated)) throw new ConsulFault(400, 'Failed to parse body');
      const answer = transact(catalog, stated);
      return {
        status: answer.Errors === null ? 200 : 409,
        json: answer,
        ...(answer.KnownLeader && {
          headers: { 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' },
        }),
      };
    }
    if (!isFields(stated)) throw new ConsulFault(400, 'Request decode failed: not an object');
    if (path === '/v1/catalog/register') register(catalog, stated);
    else deregister(catalog, stated);
    return { json: true };
  }

  function catalogOf(name: string): ConsulCatalog {
    const catalog = name === '' ? own : catalogs.get(name);
    if (catalog === undefined) throw new ConsulFault(500, `No path to datacenter`);
    return catalog;
  }

  const consul: Consul = {
    url: '',
    catalog: (name = '') => catalogOf(name),
    requests: [],
    get connections() {
      return sockets.size;
    },
    get mostConnections() {
      return most;
    },
    trouble: () => undefined,
    fault: (status, message) => new ConsulFault(status, message),
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    away: false,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      consul.cut();
      server.closeAllConnections();
      await closed;
    },
    [Symbol.asyncDispose]: () => consul.close(),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return Object.defineProperty(consul, 'url', {
    value: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
  });
}

/** What is written to, and never read. */
const WRITTEN = new Set(['/v1/txn', '/v1/catalog/register', '/v1/catalog/deregister']);

function noSuchPath(): ConsulFault {
  return new ConsulFault(404, 'Invalid URL path: not a recognized HTTP API endpoint\n');
}

function notAllowed(method: string): ConsulFault {
  return new ConsulFault(405, `method ${method} not allowed`);
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly json?: unknown;
}

/** What each has of itself. */
function ownService() {
  return {
    ...{ ID: randomUUID(), Node: 'server-1', Address: '127.0.0.1' },
    Service: { ID: 'consul', Service: 'consul', Port: 8300 },
    Checks: [{ CheckID: 'serfHealth', Name: 'Serf Health Status', Status: 'passing' }],
  };
}

function tokenOf({ headers }: IncomingMessage, query: URLSearchParams): string {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  return query.get('token') ?? String(headers['x-consul-token'] ?? bearer ?? '');
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new ConsulFault(400, `Request decode failed: ${String(error)}`);
  }
}
