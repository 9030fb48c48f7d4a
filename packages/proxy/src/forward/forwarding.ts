import type { Socket } from 'node:net';
import type { Hash64 } from '@meshkeeper/mesh';
import type { ClientReceiver } from '../listen/client-stream.ts';
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
import { DEADLINE_EXCEEDED, failureReply } from './failure-reply.ts';
import type { ForwardingContext } from './forwarding-context.ts';
import { ForwardingTimers } from './forwarding-timers.ts';
import { PacedBody } from './paced-body.ts';
import { printable, type Reply, sendReply, sentence } from './reply.ts';
import { RequestBody } from './request-body.ts';
import { endToEndFields, endToEndTrailers } from './response-fields.ts';
import { type AttemptFacts, afterFailure, backOff } from './retry-decision.ts';
import { tunnel } from './tunnel.ts';

type State = 'waiting' | 'sent' | 'responding' | 'done';

const NONE: readonly Endpoint[] = [];
const NO_TRAILERS: readonly string[] = [];

/** One request on its way through the proxy: its attempts, its response, its end. */
export class Forwarding implements StreamReceiver, ClientReceiver {
  readonly #context: ForwardingContext;
  readonly #timers = new ForwardingTimers();
  #state: State = 'waiting';
  #endpoint: Endpoint | undefined;
  #stream: UpstreamStream | undefined;
  #tried = NONE;
  #attempts = 0;
  #policyRetries = 0;
  /** Counts among the cluster's retries. */
  #retrying = false;
  #raced = false;
  #failure: UpstreamFailure | undefined;
  #body: RequestBody | undefined;
  #paced: PacedBody | undefined;
  /** The head waits for the first piece of the body, which usually comes in the same packet. */
  #headHeld = false;
  #continued = false;

  constructor(context: ForwardingContext) {
    this.#context = context;
    const { client, head, action, mirrors, requestTimeout, duration } = context;
    client.receiver = this;
    client.flushTimeout = context.idleTimeout;
    if (head.body.type !== 'none') {
      const limit = action.retry.retries > 0 ? action.bufferLimit : 0;
      this.#body = new RequestBody(client, limit, mirrors, () => this.#requestRead());
      this.#timers.start('request', requestTimeout, () => this.#expire());
    } else if (head.upgrade === undefined) this.#startResponseTimer();
    this.#timers.start('whole', duration, () => this.#expire());
  }

  /** Begins. Call it once. */
  start(): void {
    this.#attempt();
  }

  // The client's side.

  data(piece: Buffer): void {
    this.#body?.data(piece);
  }

  ended(trailers: readonly string[]): void {
    this.#body?.ended(trailers);
  }

  drained(): void {
    if (this.#paced) this.#paced.writable();
    else this.#stream?.resume();
  }

  closed(): void {
    if (this.#state === 'done') return;
    this.#drop('unwanted');
    this.#over(0);
  }

  // The endpoint's side.

  opened(stream: UpstreamStream): void {
    const { client } = this.#context;
    this.#stream = stream;
    this.#state = 'sent';
    if (this.#body?.done !== false) this.#startAttemptTimer();
    if (this.#body) {
      if (client.expectsContinue && !this.#continued) client.continue();
      this.#continued = true;
      this.#body.sendTo(stream);
    } else stream.finish();
  }

  head(head: IncomingHead, last: boolean): void {
    this.#timers.stop('attempt');
    const { action, client, edits, bytesPerSecond, draining } = this.#context;
    const { status, reason } = head;
    if (this.#retriesResponse(head) && this.#mayRetry()) {
      this.#drop('unwanted');
      this.#retryLater();
      return;
    }
    this.#state = 'responding';
    this.#body?.release();
    if (draining()) client.lastOfConnection();
    const fields = endToEndFields(head);
    if (edits) for (const edit of edits) edit(fields);
    if (action.tellsAttempts) fields.push('x-envoy-attempt-count', String(this.#attempts));
    client.respond(status, reason, fields);
    if (last) this.#finishResponse();
    else {
      this.#headHeld = true;
      if (bytesPerSecond !== undefined) this.#paced = this.#pacedBody(bytesPerSecond);
    }
  }

  flush(): void {
    if (!this.#headHeld || this.#state !== 'responding') return;
    this.#headHeld = false;
    this.#context.client.flush();
  }

  body(piece: Buffer, last: boolean): void {
    if (this.#state !== 'responding') return;
    this.#headHeld = false;
    if (this.#paced) {
      if (!this.#paced.write(piece)) this.#stream?.pause();
      if (last) this.end(NO_TRAILERS);
    } else if (last) this.#finishResponse(piece);
    else if (!this.#context.client.write(piece)) this.#stream?.pause();
  }

  end(trailers: readonly string[]): void {
    if (this.#state !== 'responding') return;
    const passed = endToEndTrailers(trailers);
    if (this.#paced) {
      // The endpoint has done its part in time.
      this.#timers.stop('response');
      this.#paced.end(passed);
    } else this.#finishResponse(undefined, passed);
  }

  upgraded(head: IncomingHead, server: Socket, first: Buffer): void {
    const { client, idleTimeout, edits } = this.#context;
    const asked = this.#context.head.upgrade;
    const fields = endToEndFields(head);
    if (edits) for (const edit of edits) edit(fields);
    const socket =
      this.#state === 'done' || asked === undefined
        ? undefined
        : client.switchProtocols(asked, fields);
    if (!socket) {
      server.destroy();
      this.failed({ reason: 'protocol', detail: 'an upgrade that was not asked for' });
      return;
    }
    this.#state = 'responding';
    if (first.length > 0) socket.write(first);
    tunnel(socket, server, idleTimeout);
    socket.on('close', () => this.#over(101));
  }

  writable(): void {
    this.#body?.writable();
  }

  failed(failure: UpstreamFailure): void {
    // Silence is the endpoint's fault only where each try has a limit of its own.
    this.#attemptFailed(failure, this.#context.action.retry.perTryIdleTimeout > 0);
  }

  #attemptFailed(failure: UpstreamFailure, ownLimit: boolean): void {
    const { action, client } = this.#context;
    if (this.#state === 'done') return;
    if (failure.reason === 'connect') this.#exclude();
    this.#failure = failure;
    this.#timers.stop('attempt');
    this.#body?.stop();
    this.#stream = undefined;
    if (this.#state === 'responding') {
      // Never a clean end of a truncated body: the client must see that it broke off.
      this.#over(client.status);
      client.reset();
      return;
    }
    const decision =
      failure.reason === 'timeout' && !ownLimit
        ? 'no'
        : afterFailure(failure, this.#facts(), action.retry);
    if (decision === 'free') {
      if (failure.reason === 'reset') this.#raced = true;
      this.#state = 'waiting';
      this.#attempt();
    } else if (decision === 'policy' && this.#mayRetry()) this.#retryLater();
    else this.#replyFailure(failure);
  }

  // Attempts.

  #attempt(): void {
    const { cluster, action, hash, idleTimeout } = this.#context;
    const tried = this.#tried;
    const endpoint = cluster.pick(wish(tried, hash));
    if (!endpoint) {
      this.#reply(sentence(503, `${this.#name} has no healthy endpoint.`));
      return;
    }
    if (this.#failure?.reason === 'connect' && tried.includes(endpoint)) {
      // All have been tried: one that refused a moment ago is not worth another try.
      this.#replyFailure(this.#failure);
      return;
    }
    this.#attempts++;
    this.#endpoint = endpoint;
    const options = { idleTimeout: action.retry.perTryIdleTimeout || idleTimeout };
    this.#stream = cluster.open(endpoint, this.#headFor(endpoint), this, options);
  }

  #headFor({ hostname }: Endpoint): OutgoingHead {
    const { action, head } = this.#context;
    if (!action.countsAttempts && !action.autoHost) return head;
    const authority = action.autoHost && hostname !== '' ? hostname : head.authority;
    const count = ['x-envoy-attempt-count', String(this.#attempts)];
    const fields = action.countsAttempts ? [...head.fields, ...count] : head.fields;
    return { ...head, authority, fields };
  }

  #retryLater(): void {
    this.#state = 'waiting';
    this.#policyRetries++;
    const { action, random } = this.#context;
    if (action.retry.otherEndpoint) this.#exclude();
    const wait = backOff(this.#policyRetries, action.retry, random());
    // None is one of Node's shortest.
    this.#timers.start('retry', Math.max(1, wait), () => this.#attempt());
  }

  #retriesResponse({ status, fields }: IncomingHead): boolean {
    const { retry } = this.#context.action;
    return (
      retry.onResponse !== undefined &&
      this.#policyRetries < retry.retries &&
      this.#replayable &&
      retry.onResponse(status, fields)
    );
  }

  #mayRetry(): boolean {
    const { cluster } = this.#context;
    // The one before has ended: a request is one of those that are tried again at once, however often.
    if (this.#retrying) cluster.retryOver();
    this.#retrying = cluster.tryRetry();
    return this.#retrying;
  }

  #facts(): AttemptFacts {
    return {
      method: this.#context.head.method,
      replayable: this.#replayable,
      attempts: this.#attempts,
      policyRetries: this.#policyRetries,
      raced: this.#raced,
    };
  }

  get #replayable(): boolean {
    return this.#body?.replayable ?? true;
  }

  #exclude(): void {
    if (this.#endpoint) this.#tried = [...this.#tried, this.#endpoint];
  }

  #pacedBody(bytesPerSecond: number): PacedBody {
    const { client } = this.#context;
    return new PacedBody(bytesPerSecond, {
      write: (piece) => client.write(piece),
      end: (trailers) => this.#finishResponse(undefined, trailers),
      drained: () => this.#stream?.resume(),
    });
  }

  // Timeouts and ends.

  #requestRead(): void {
    this.#timers.stop('request');
    this.#startResponseTimer();
    if (this.#state === 'sent') this.#startAttemptTimer();
  }

  #startAttemptTimer(): void {
    this.#timers.start('attempt', this.#context.action.retry.perTryTimeout, () => {
      this.#drop('timeout');
      const failure = { reason: 'timeout', detail: 'the timeout of one attempt' } as const;
      this.#attemptFailed(failure, true);
    });
  }

  #startResponseTimer(): void {
    if (this.#state === 'done') return;
    const { timeout } = this.#context.action;
    this.#timers.start('response', timeout, () => this.#timeout('the route timeout'));
  }

  /** All of the request takes too long, and another try would not help. */
  #timeout(detail: string, grpcStatus?: number): void {
    const failure: UpstreamFailure = { reason: 'timeout', detail };
    this.#drop('timeout');
    if (this.#state === 'responding') this.failed(failure);
    else {
      this.#failure = failure;
      this.#replyFailure(failure, grpcStatus);
    }
  }

  #expire(): void {
    this.#timeout('the time for the whole request', DEADLINE_EXCEEDED);
  }

  /** Lets go of the attempt that is on its way. */
  #drop(reason: CancelReason): void {
    this.#timers.stop('attempt');
    this.#timers.stop('retry');
    this.#body?.stop();
    this.#stream?.cancel(reason);
    this.#stream = undefined;
  }

  #finishResponse(piece?: Buffer, trailers?: readonly string[]): void {
    const { client } = this.#context;
    if (this.#body && !this.#body.done) this.#body.stop();
    this.#stream = undefined;
    this.#over(client.status);
    client.end(piece, trailers);
  }

  #replyFailure(failure: UpstreamFailure, grpcStatus?: number): void {
    const reply = failureReply(failure, this.#name, this.#body?.done !== false);
    this.#reply(grpcStatus === undefined ? reply : { ...reply, grpcStatus });
  }

  #reply(reply: Reply): void {
    const { client, view, edits, draining } = this.#context;
    const keepAlive = (this.#body?.done ?? true) && !draining();
    this.#over(reply.status);
    sendReply(client, reply, { view, keepAlive, edits });
  }

  #over(status: number): void {
    if (this.#state === 'done') return;
    this.#state = 'done';
    this.#timers.stopAll();
    this.#paced?.stop();
    const { cluster, mirrors, observer, now, arrived } = this.#context;
    if (this.#body && !this.#body.done) for (const mirror of mirrors) mirror.cancel();
    if (this.#retrying) cluster.retryOver();
    observer.requestFinished?.({
      cluster: cluster.config.name,
      status,
      durationMs: now() - arrived,
      retries: this.#attempts > 0 ? this.#attempts - 1 : 0,
      failure: this.#failure?.reason,
    });
  }

  get #name(): string {
    return printable(this.#context.cluster.config.name);
  }
}

function wish(
  tried: readonly Endpoint[],
  hash: Hash64 | undefined,
): Parameters<Cluster['pick']>[0] {
  if (hash) return { tried, hash };
  return tried.length > 0 ? { tried } : undefined;
}
