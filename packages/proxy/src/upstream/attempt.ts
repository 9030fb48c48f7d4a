import type { Socket } from 'node:net';
import type { Load } from '@meshkeeper/mesh';
import type { Endpoint } from './endpoint.ts';
import type { UpstreamFailure } from './failure.ts';
import type {
  CancelReason,
  IncomingHead,
  OutgoingHead,
  StreamOptions,
  StreamReceiver,
  UpstreamStream,
} from './stream.ts';

/** Who learns what becomes of attempts. */
export interface AttemptOwner {
  /** The endpoint has answered. */
  answered(attempt: Attempt, head: IncomingHead): void;
  /** It has not, or not to the end. */
  failed(attempt: Attempt, failure: UpstreamFailure): void;
  /** Comes last, and always. */
  over(attempt: Attempt): void;
}

const GIVEN_UP: UpstreamFailure = { reason: 'timeout', detail: 'it took too long' };

/** A request on its way to an endpoint, as the cluster sees it. */
export class Attempt implements StreamReceiver, UpstreamStream {
  readonly endpoint: Endpoint;
  readonly load: Load | undefined;
  /** When it was sent, in the clock's milliseconds. */
  readonly begun: number;
  /** Milliseconds to the head of the response; undefined before. To be set by the owner. */
  latency: number | undefined;
  /** The endpoint was never asked: there are too many others. To be set by the owner. */
  refused = false;
  /** False once it counts as a failure of the endpoint. To be set by the owner. */
  well = true;
  readonly #receiver: StreamReceiver;
  readonly #owner: AttemptOwner;
  #stream: UpstreamStream | undefined;
  #state: 'opening' | 'open' | 'failing' | 'over' = 'opening';

  constructor(endpoint: Endpoint, receiver: StreamReceiver, owner: AttemptOwner, begun: number) {
    this.endpoint = endpoint;
    this.load = endpoint.load;
    this.#receiver = receiver;
    this.#owner = owner;
    this.begun = begun;
  }

  /** Sends the request, unless there is a reason not to. Call it once. */
  begin(head: OutgoingHead, options: StreamOptions, refusal: UpstreamFailure | undefined): void {
    if (refusal) this.failed(refusal);
    else this.#stream = this.endpoint.pool.open(head, this, options);
    if (this.#state === 'opening') this.#state = 'open';
  }

  // What the request's side does.

  write(piece: Buffer): boolean {
    return this.#stream?.write(piece) ?? true;
  }

  finish(trailers?: readonly string[]): void {
    this.#stream?.finish(trailers);
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  cancel(reason: CancelReason): void {
    if (this.#state === 'over') return;
    this.#stream?.cancel(reason);
    // A response that takes long, but has begun, is no failure: as with Envoy.
    const failure = reason === 'timeout' && this.#state === 'open' && this.latency === undefined;
    if (failure) this.#owner.failed(this, GIVEN_UP);
    this.#over();
  }

  // What the endpoint's side does.

  opened(stream: UpstreamStream): void {
    this.#stream = stream;
    this.#receiver.opened(this);
  }

  head(head: IncomingHead, last: boolean): void {
    this.#owner.answered(this, head);
    if (last) this.#over();
    this.#receiver.head(head, last);
  }

  body(piece: Buffer, last: boolean): void {
    if (last) this.#over();
    this.#receiver.body(piece, last);
  }

  end(trailers: readonly string[]): void {
    this.#over();
    this.#receiver.end(trailers);
  }

  flush(): void {
    this.#receiver.flush();
  }

  upgraded(head: IncomingHead, socket: Socket, first: Buffer): void {
    this.#owner.answered(this, head);
    socket.on('close', () => this.#over());
    this.#receiver.upgraded(head, socket, first);
  }

  writable(): void {
    this.#receiver.writable();
  }

  failed(failure: UpstreamFailure): void {
    if (this.#state === 'failing' || this.#state === 'over') return;
    this.#owner.failed(this, failure);
    if (this.#state === 'open') this.#tell(failure);
    else {
      // Whoever opens it has not got it yet.
      this.#state = 'failing';
      queueMicrotask(() => this.#tell(failure));
    }
  }

  #tell(failure: UpstreamFailure): void {
    if (this.#state === 'over') return;
    this.#over();
    this.#receiver.failed(failure);
  }

  #over(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#owner.over(this);
  }
}
