import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What an echo was asked. */
export interface Asked {
  /** The name of the echo. */
  readonly at: string;
  readonly method: string;
  readonly url: string;
  /** By names in lower case; several of one name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A server that answers with what it was asked. `x-hang` is answered never; the first `n` requests with
 * `x-fail: key n status` are answered with that status.
 */
export interface Echo extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** All that it was asked, in order. */
  readonly asked: Asked[];
}

/** Headers of every answer, for policies to change. */
const ANSWERED = { 'x-kept': 'kept', 'x-changed': 'as it was', 'x-gone': 'there' };

/** One of HTTP/1.1 on a free port of loopback. */
export async function startEcho(name: string): Promise<Echo> {
  const asked: Asked[] = [];
  const failures = new Failures();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const given: Asked = {
      at: name,
      method,
      url,
      headers: plain(headers),
      body: await text(request),
    };
    asked.push(given);
    if (headers['x-hang'] !== undefined) return;
    response.writeHead(failures.next(given) ?? 200, { ...ANSWERED, 'x-from': name });
    response.end(JSON.stringify(given));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    name,
    port: (server.address() as AddressInfo).port, // no path of a socket
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** One of gRPC, for any method: `x-fail` is of gRPC statuses. */
export async function startGrpcEcho(name: string): Promise<Echo> {
  const asked: Asked[] = [];
  const failures = new Failures();
  const sessions = new Set<Http2Session>();
  const server = createHttp2Server((request, response) => {
    const { method, url, headers } = request;
    request.on('error', () => {});
    request.resume().on('end', () => {
      const given: Asked = { at: name, method, url, headers: plain(headers), body: '' };
      asked.push(given);
      if (headers['x-hang'] !== undefined) return;
      const head = { 'content-type': 'application/grpc', 'x-from': name, ...ANSWERED };
      const failure = failures.next(given);
      if (failure !== undefined) {
        response.stream.respond({ ...head, 'grpc-status': failure }, { endStream: true });
        return;
      }
      response.writeHead(200, head);
      response.addTrailers({ 'grpc-status': 0 });
      response.end(message(JSON.stringify(given)));
    });
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    name,
    port: (server.address() as AddressInfo).port, // no path of a socket
    asked,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Which of the requests of a key are to fail. */
class Failures {
  readonly #seen = new Map<string, number>();

  next({ headers }: Asked): number | undefined {
    const [key, times, status] = headers['x-fail']?.split(' ') ?? [];
    if (key === undefined) return undefined;
    const seen = this.#seen.get(key) ?? 0;
    this.#seen.set(key, seen + 1);
    return seen < Number(times) ? Number(status) : undefined;
  }
}

function plain(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !name.startsWith(':'))
      .map(([name, value]) => [name, String(value)]),
  );
}

/** A message with its prefix. */
function message(content: string): Buffer {
  const bytes = Buffer.from(content);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}
