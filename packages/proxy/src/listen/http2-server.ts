import { performServerHandshake, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { CodecOptions } from '../config/http-manager.ts';
import type { ClientFacts } from '../config/request-view.ts';
import { readHttp2RequestHead } from '../forward/http2-request-head.ts';
import type { HeadRules } from '../forward/request-head.ts';
import { Heartbeat } from '../upstream/http2/heartbeat.ts';
import type { RequestHandler } from './http-service.ts';
import { Http2ClientStream } from './http2-client-stream.ts';

/** HTTP/2's END_STREAM flag of a HEADERS frame. */
const END_STREAM = 0x1;
/** MiB that one connection may hold in all, headers and unsent data included. */
const MAX_SESSION_MEMORY = 64;

/** HTTP/2 on connections that were accepted elsewhere. */
export class Http2Server {
  readonly #codec: CodecOptions;
  readonly #handler: RequestHandler;
  readonly #rules: () => HeadRules;
  readonly #sessions = new Set<ServerHttp2Session>();
  #draining = false;

  constructor(codec: CodecOptions, handler: RequestHandler, rules: () => HeadRules) {
    this.#codec = codec;
    this.#handler = handler;
    this.#rules = rules;
  }

  /** Speaks HTTP/2 on the connection, which may have been read from and paused. */
  accept(socket: Socket, client: ClientFacts): void {
    if (this.#draining) {
      socket.destroy();
      return;
    }
    const codec = this.#codec;
    const session = performServerHandshake(socket, {
      maxSessionMemory: MAX_SESSION_MEMORY,
      // Some more than are taken are answered, and even more reset.
      maxHeaderListPairs: codec.maxRequestHeaders * 2 + 8,
      settings: {
        maxConcurrentStreams: codec.maxConcurrentStreams,
        initialWindowSize: codec.initialStreamWindow,
        maxHeaderListSize: codec.maxRequestHeadersBytes,
        enablePush: false,
      },
    });
    this.#sessions.add(session);
    let active = 0;
    let served = 0;
    const heartbeat = codec.ping && new Heartbeat(session, codec.ping);
    heartbeat?.begin();
    const { maxConnectionDuration: longest, maxRequestsPerConnection: most } = codec;
    const timer = longest > 0 ? setTimeout(() => session.close(), longest) : undefined;
    session.on('close', () => {
      this.#sessions.delete(session);
      heartbeat?.end();
      clearTimeout(timer);
    });
    session.on('error', () => session.destroy());
    session.setTimeout(codec.idleTimeout, () => {
      if (active === 0) session.close();
    });
    session.setLocalWindowSize(codec.initialConnectionWindow);
    session.on('stream', (stream, _headers, flags, fields) => {
      active++;
      stream.on('close', () => active--);
      if (++served === most) session.close();
      const head = readHttp2RequestHead(fields, (flags & END_STREAM) !== 0, this.#rules());
      this.#handler(new Http2ClientStream(stream, client, expectsContinue(fields)), head);
    });
  }

  /** Takes no more requests; those on their way are answered, then connections are closed. */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions) session.close();
  }
}

function expectsContinue(fields: readonly string[]): boolean {
  const at = fields.indexOf('expect');
  return at % 2 === 0 && fields[at + 1]!.toLowerCase() === '100-continue';
}
