import { once } from 'node:events';
import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerOptions,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** A server of HTTP/2 without TLS on loopback. */
export interface Http2Backend extends AsyncDisposable {
  readonly port: number;
  /** Sessions that are open. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Sessions that were accepted. */
  readonly accepted: () => number;
}

/** A real HTTP/2 backend. */
export async function http2Backend(
  handler: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  options: ServerOptions = {},
): Promise<Http2Backend> {
  const server = createServer(options, handler);
  const sessions = new Set<ServerHttp2Session>();
  let accepted = 0;
  server.on('session', (session) => {
    accepted++;
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
