import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ForwardAction } from '../config/route-action.ts';
import type { ProxyObserver } from '../observer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { Endpoint } from '../upstream/endpoint.ts';
import type { UpstreamFailure } from '../upstream/failure.ts';
import type {
  CancelReason,
  IncomingHead,
  OutgoingHead,
  StreamReceiver,
  UpstreamStream,
} from '../upstream/stream.ts';
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
  readonly upstreamHead: OutgoingHead;
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
export class Forwarding implements StreamReceiver {
  readonly #context: ForwardingContext;
  readonly #started: number;
  #state: State = 'waiting';
  #endpoint: Endpoint | undefined;
  #stream: UpstreamStream | undefined;
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
      this.#body = new RequestBody(request, () => this.#startTimer());
    } else if (head.upgrade === undefined) this.#startTimer();
    response.on('close', () => this.#clientGone());
    response.on('drain', () => {
      if (!this.#paused) return;
      this.#paused = false;
      this.#stream?.resume();
    });
  }

  /** Begins. Call it once. */
  start(): void {
    this.#attempt();
  }

  // The endpoint's side.

  opened(stream: UpstreamStream): void {
    const { action, expectsContinue, response } = this.#context;
    this.#stream = stream;
    this.#state = 'sent';
    const { perTryTimeout } = action.retry;
    if (perTryTimeout > 0) {
      this.#attemptTimer = setTimeout(() => this.#attemptTimeout(), perTryTimeout);
    }
    if (this.#body) {
      if (expectsContinue && !this.#continued) response.writeContinue();
      this.#continued = true;
      this.#body.sendTo(stream);
    } else stream.finish();
  }

  head(head: IncomingHead, last: boolean): void {
    clearTimeout(this.#attemptTimer);
    const { action, response, draining } = this.#context;
    if (afterStatus(head.status, this.#facts(), action.retry) === 'policy' && this.#mayRetry()) {
      this.#drop('unwanted');
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
      this.#stream?.pause();
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

  upgraded(head: IncomingHead, server: Socket, first: Buffer): void {
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
    if (failure.reason === 'connect') this.#exclude();
    this.#failure = failure;
    clearTimeout(this.#attemptTimer);
    this.#body?.stop();
    if (this.#state === 'responding') {
      this.#stream = undefined;
      // Never a clean end of a truncated body: the client must see that it broke off.
      this.#over(this.#context.response.statusCode);
      request.socket.resetAndDestroy();
      return;
    }
    const decision = afterFailure(failure, this.#facts(), action.retry);
    this.#stream = undefined;
    if (decision === 'free') {
      if (failure.reason === 'reset') this.#raced = true;
      this.#state = 'waiting';
      this.#attempt();
    } else if (decision === 'policy' && this.#mayRetry()) this.#retryLater();
    else this.#replyFailure(failure);
  }

  // Attempts.

  #attempt(): void {
    const { cluster, upstreamHead, idleTimeout } = this.#context;
    const endpoint = cluster.pick({ tried: this.#tried });
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
    this.#stream = cluster.open(endpoint, upstreamHead, this, { idleTimeout });
  }

  #retryLater(): void {
    this.#state = 'waiting';
    this.#policyRetries++;
    this.#exclude();
    const { action, random } = this.#context;
    const wait = backOff(this.#policyRetries, action.retry, random());
    this.#retryTimer = setTimeout(() => this.#attempt(), wait);
  }

  #mayRetry(): boolean {
    return this.#context.cluster.tryRetry();
  }

  #facts(): AttemptFacts {
    return {
      method: this.#context.head.method,
      bodyConsumed: this.#body?.consumed ?? false,
      attempts: this.#attempts,
      policyRetries: this.#policyRetries,
      raced: this.#raced,
    };
  }

  #exclude(): void {
    if (this.#endpoint) this.#tried = [...this.#tried, this.#endpoint];
  }

  // Timeouts and ends.

  #startTimer(): void {
    const { timeout } = this.#context.action;
    if (timeout > 0 && this.#state !== 'done') {
      this.#timer = setTimeout(() => this.#timeout(), timeout);
    }
  }

  #timeout(): void {
    this.#drop('timeout');
    const failure = { reason: 'timeout', detail: 'the route timeout' } as const;
    this.#failure = failure;
    if (this.#state === 'responding') this.failed(failure);
    else this.#replyFailure(failure);
  }

  #attemptTimeout(): void {
    this.#drop('timeout');
    this.failed({ reason: 'timeout', detail: 'the timeout of one attempt' });
  }

  /** Lets go of the attempt that is on its way. */
  #drop(reason: CancelReason): void {
    clearTimeout(this.#attemptTimer);
    clearTimeout(this.#retryTimer);
    this.#body?.stop();
    this.#stream?.cancel(reason);
    this.#stream = undefined;
  }

  #finishResponse(piece?: Buffer): void {
    const { response } = this.#context;
    const { statusCode } = response;
    if (this.#body && !this.#body.done) this.#body.stop();
    this.#stream = undefined;
    this.#over(statusCode);
    if (piece) response.end(piece);
    else response.end();
  }

  #clientGone(): void {
    if (this.#state === 'done') return;
    this.#drop('unwanted');
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
    for (let i = 0; i < this.#policyRetries; i++) cluster.retryOver();
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
