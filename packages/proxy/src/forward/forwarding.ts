import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ForwardAction } from '../config/route-action.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { ProxyObserver } from '../observer.ts';
import type { Cluster, Endpoint } from '../upstream/cluster.ts';
import type { Connection, Exchange } from '../upstream/connection.ts';
import type { Waiter } from '../upstream/endpoint-pool.ts';
import type { UpstreamFailure } from '../upstream/failure.ts';
import { localReply, printable } from './local-reply.ts';
import { RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';
import { endToEndFields, trailerPairs } from './response-fields.ts';
import { type AttemptFacts, afterFailure, afterStatus, backOff } from './retry-decision.ts';
import { tunnel } from './tunnel.ts';

/** What a forwarding works with. */
export interface ForwardingContext {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  /** The head for the endpoint. */
  readonly upstreamHead: string;
  readonly action: ForwardAction;
  readonly cluster: Cluster;
  /** Milliseconds of silence, 0 for no limit. */
  readonly idleTimeout: number;
  /** The client waits for `100 Continue`. */
  readonly expectsContinue: boolean;
  readonly observer: ProxyObserver;
  readonly random: () => number;
  readonly now: () => number;
  /** True when connections must not be kept for another request. */
  readonly draining: () => boolean;
}

type State = 'waiting' | 'sent' | 'responding' | 'done';

const NONE: readonly Endpoint[] = [];

/** What the client is told when there is no response; the statuses are Envoy's. */
const FAILURE_REPLIES: Readonly<
  Record<UpstreamFailure['reason'], { status: number; sentence: (name: string) => string }>
> = {
  connect: { status: 503, sentence: (name) => `No endpoint of ${name} could be reached.` },
  retired: { status: 503, sentence: (name) => `No endpoint of ${name} could be reached.` },
  refused: { status: 503, sentence: (name) => `${name} refused the request.` },
  reset: { status: 503, sentence: (name) => `${name} closed the connection before it answered.` },
  overflow: { status: 503, sentence: (name) => `${name} has too many requests on their way.` },
  protocol: { status: 502, sentence: (name) => `${name} gave a response that is not valid HTTP.` },
  timeout: { status: 504, sentence: (name) => `${name} did not answer in time.` },
};

/** One request on its way through the proxy: its attempts, its response, its end. */
export class Forwarding implements Exchange, Waiter {
  readonly #context: ForwardingContext;
  readonly #started: number;
  #state: State = 'waiting';
  #endpoint: Endpoint | undefined;
  #connection: Connection | undefined;
  #tried = NONE;
  #attempts = 0;
  #policyRetries = 0;
  #raced = false;
  #failure: UpstreamFailure | undefined;
  #body: RequestBody | undefined;
  #paused = false;
  /** The head waits for the first piece of the body, which usually comes in the same packet. */
  #headHeld = false;
  #continued = false;
  #timer: NodeJS.Timeout | undefined;
  #attemptTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(context: ForwardingContext) {
    this.#context = context;
    this.#started = context.now();
    const { request, response, head } = context;
    if (head.body.type !== 'none') {
      const chunked = head.body.type === 'chunked';
      this.#body = new RequestBody(request, chunked, () => this.#startTimer());
    } else if (head.upgrade === undefined) this.#startTimer();
    response.on('close', () => this.#clientGone());
    response.on('drain', () => {
      if (!this.#paused) return;
      this.#paused = false;
      this.#connection?.resume();
    });
  }

  /** Begins. Call it once. */
  start(): void {
    const { cluster } = this.#context;
    cluster.activeRequests++;
    if (cluster.activeRequests > cluster.config.maxRequests) {
      this.#replyFailure({ reason: 'overflow', detail: 'max_requests' });
    } else this.#attempt();
  }

  // The connection's side.

  ready(connection: Connection): void {
    if (this.#state === 'done') {
      this.#endpoint?.pool.released(connection);
      return;
    }
    const { action, head, upstreamHead, idleTimeout, expectsContinue, response } = this.#context;
    this.#connection = connection;
    this.#state = 'sent';
    const { perTryTimeout } = action.retry;
    if (perTryTimeout > 0) {
      this.#attemptTimer = setTimeout(() => this.#attemptTimeout(), perTryTimeout);
    }
    connection.begin(upstreamHead, this, head.method === 'HEAD', idleTimeout);
    if (this.#body) {
      if (expectsContinue && !this.#continued) response.writeContinue();
      this.#continued = true;
      this.#body.sendTo(connection);
    } else connection.finish();
  }

  unavailable(failure: UpstreamFailure): void {
    if (this.#state === 'done') return;
    if (failure.reason === 'connect') this.#connectFailed(failure);
    this.failed(failure);
  }

  head(head: ResponseHead, last: boolean): void {
    clearTimeout(this.#attemptTimer);
    const { action, cluster, response, draining } = this.#context;
    cluster.responded(this.#endpoint!, head.status);
    if (afterStatus(head.status, this.#facts(), action.retry) === 'policy' && this.#mayRetry()) {
      this.#drop();
      this.#retryLater();
      return;
    }
    this.#state = 'responding';
    if (draining()) response.shouldKeepAlive = false;
    if (head.reason === '') response.writeHead(head.status, endToEndFields(head));
    else response.writeHead(head.status, head.reason, endToEndFields(head));
    if (last) this.#finishResponse();
    else this.#headHeld = true;
  }

  flush(): void {
    if (!this.#headHeld || this.#state !== 'responding') return;
    this.#headHeld = false;
    this.#context.response.flushHeaders();
  }

  body(piece: Buffer, last: boolean): void {
    if (this.#state !== 'responding') return;
    this.#headHeld = false;
    const { response } = this.#context;
    if (last) this.#finishResponse(piece);
    else if (!response.write(piece)) {
      this.#paused = true;
      this.#connection?.pause();
    }
  }

  end(trailers: readonly string[]): void {
    if (this.#state !== 'responding') return;
    if (trailers.length > 0) this.#context.response.addTrailers(trailerPairs(trailers));
    this.#finishResponse();
  }

  writable(): void {
    this.#body?.writable();
  }

  upgraded(head: ResponseHead, server: Socket, first: Buffer): void {
    const { request, response, idleTimeout } = this.#context;
    const client = request.socket;
    const asked = this.#context.head.upgrade;
    if (this.#state === 'done' || asked === undefined || client.destroyed) {
      server.destroy();
      this.failed({ reason: 'protocol', detail: 'an upgrade that was not asked for' });
      return;
    }
    this.#state = 'responding';
    const fields = endToEndFields(head);
    let text = `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${asked}\r\n`;
    for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    response.detachSocket(client);
    client.write(`${text}\r\n`, 'latin1');
    if (first.length > 0) client.write(first);
    tunnel(client, server, idleTimeout);
    client.on('close', () => this.#over(101));
  }

  failed(failure: UpstreamFailure): void {
    if (this.#state === 'done') return;
    const { action, request } = this.#context;
    this.#failure = failure;
    clearTimeout(this.#attemptTimer);
    this.#body?.stop();
    if (this.#state === 'responding') {
      this.#connection = undefined;
      // Never a clean end of a truncated body: the client must see that it broke off.
      this.#over(this.#context.response.statusCode);
      request.socket.resetAndDestroy();
      return;
    }
    const decision = afterFailure(failure, this.#facts(), action.retry);
    this.#connection = undefined;
    if (decision === 'free') {
      if (failure.reason === 'reset') this.#raced = true;
      this.#state = 'waiting';
      this.#attempt();
    } else if (decision === 'policy' && this.#mayRetry()) this.#retryLater();
    else this.#replyFailure(failure);
  }

  // Attempts.

  #attempt(): void {
    const { cluster } = this.#context;
    const endpoint = cluster.pick(this.#tried);
    if (!endpoint) {
      this.#reply(503, `${this.#name} has no healthy endpoint.`);
      return;
    }
    if (this.#failure?.reason === 'connect' && this.#tried.includes(endpoint)) {
      // All have been tried: one that refused a moment ago is not worth another try.
      this.#replyFailure(this.#failure);
      return;
    }
    this.#attempts++;
    this.#endpoint = endpoint;
    const connection = endpoint.pool.checkout(this);
    if (connection) this.ready(connection);
  }

  #retryLater(): void {
    this.#state = 'waiting';
    this.#policyRetries++;
    this.#context.cluster.activeRetries++;
    this.#exclude();
    const { action, random } = this.#context;
    const wait = backOff(this.#policyRetries, action.retry, random());
    this.#retryTimer = setTimeout(() => this.#attempt(), wait);
  }

  #mayRetry(): boolean {
    const { cluster } = this.#context;
    return cluster.activeRetries < cluster.config.maxRetries;
  }

  #facts(): AttemptFacts {
    return {
      method: this.#context.head.method,
      bodyConsumed: this.#body?.consumed ?? false,
      attempts: this.#attempts,
      policyRetries: this.#policyRetries,
      reused: this.#connection?.reused ?? false,
      raced: this.#raced,
    };
  }

  #exclude(): void {
    if (this.#endpoint) this.#tried = [...this.#tried, this.#endpoint];
  }

  #connectFailed({ detail }: UpstreamFailure): void {
    const { cluster, observer } = this.#context;
    const endpoint = this.#endpoint!;
    this.#exclude();
    cluster.connectFailed(endpoint);
    const address = `${endpoint.address}:${endpoint.port}`;
    observer.connectFailed?.({ cluster: cluster.config.name, endpoint: address, detail });
  }

  // Timeouts and ends.

  #startTimer(): void {
    const { timeout } = this.#context.action;
    if (timeout > 0 && this.#state !== 'done') {
      this.#timer = setTimeout(() => this.#timeout(), timeout);
    }
  }

  #timeout(): void {
    this.#drop();
    const failure = { reason: 'timeout', detail: 'the route timeout' } as const;
    this.#failure = failure;
    if (this.#state === 'responding') this.failed(failure);
    else this.#replyFailure(failure);
  }

  #attemptTimeout(): void {
    this.#drop();
    this.failed({ reason: 'timeout', detail: 'the timeout of one attempt' });
  }

  /** Lets go of the attempt that is on its way. */
  #drop(): void {
    clearTimeout(this.#attemptTimer);
    clearTimeout(this.#retryTimer);
    this.#body?.stop();
    if (this.#state === 'waiting') this.#endpoint?.pool.cancel(this);
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #finishResponse(piece?: Buffer): void {
    const { response } = this.#context;
    const { statusCode } = response;
    if (this.#body && !this.#body.done) {
      // Answered before the whole request was sent: the connection is out of step.
      this.#body.stop();
      this.#connection?.destroy();
    }
    this.#connection = undefined;
    this.#over(statusCode);
    if (piece) response.end(piece);
    else response.end();
  }

  #clientGone(): void {
    if (this.#state === 'done') return;
    this.#drop();
    this.#over(0);
  }

  #replyFailure(failure: UpstreamFailure): void {
    const { status, sentence } = FAILURE_REPLIES[failure.reason];
    this.#reply(status, sentence(this.#name));
  }

  #reply(status: number, sentence: string): void {
    const keepAlive = (this.#body?.done ?? true) && !this.#context.draining();
    this.#over(status);
    localReply(this.#context.response, status, sentence, keepAlive);
  }

  #over(status: number): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    clearTimeout(this.#timer);
    clearTimeout(this.#attemptTimer);
    clearTimeout(this.#retryTimer);
    const { cluster, observer, now } = this.#context;
    cluster.activeRequests--;
    cluster.activeRetries -= this.#policyRetries;
    observer.requestFinished?.({
      cluster: cluster.config.name,
      status,
      durationMs: now() - this.#started,
      retries: this.#attempts > 0 ? this.#attempts - 1 : 0,
      failure: this.#failure?.reason,
    });
  }

  get #name(): string {
    return printable(this.#context.cluster.config.name);
  }
}
