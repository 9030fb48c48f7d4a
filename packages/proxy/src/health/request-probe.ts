import type { Socket } from 'node:net';
import type { UpstreamFailure } from '../upstream/failure.ts';
import type {
  IncomingHead,
  OutgoingHead,
  StreamReceiver,
  UpstreamStream,
} from '../upstream/stream.ts';
import type { StreamPool } from '../upstream/stream-pool.ts';
import type { ProbeResult } from './check-state.ts';
import type { Probe } from './probe.ts';

/** What a check sends, and how it judges the answer. */
export interface Exchange {
  readonly head: OutgoingHead;
  readonly body: Buffer | undefined;
  judge(head: IncomingHead, body: Buffer, trailers: readonly string[]): ProbeResult;
}

/** More than any answer to a check has to say. */
const MAX_BODY = 64 * 1024;

/** A check by a request over connections of its own. */
export class RequestProbe implements Probe {
  readonly #pool: StreamPool;
  readonly #exchange: Exchange;
  readonly #reuse: boolean;
  #running: Running | undefined;

  constructor(pool: StreamPool, exchange: Exchange, reuse: boolean) {
    this.#pool = pool;
    this.#exchange = exchange;
    this.#reuse = reuse;
  }

  run(done: (result: ProbeResult) => void): void {
    this.#send((result, failure) => {
      // The server may have closed a kept connection just now; that says nothing of its health.
      if (failure?.reused) this.#send((again) => this.#tell(again, done));
      else this.#tell(result, done);
    });
  }

  stop(): void {
    this.#running?.cancel();
    this.#running = undefined;
    this.#pool.drain();
  }

  close(): void {
    this.#running?.cancel();
    this.#running = undefined;
    this.#pool.destroy();
  }

  #send(done: (result: ProbeResult, failure?: UpstreamFailure) => void): void {
    const running = new Running(this.#exchange, done);
    this.#running = running;
    running.begin(this.#pool);
  }

  #tell(result: ProbeResult, done: (result: ProbeResult) => void): void {
    this.#running = undefined;
    if (!this.#reuse) this.#pool.drain();
    done(result);
  }
}

/** One request of a check. */
class Running implements StreamReceiver {
  readonly #exchange: Exchange;
  readonly #done: (result: ProbeResult, failure?: UpstreamFailure) => void;
  readonly #pieces: Buffer[] = [];
  #size = 0;
  #stream: UpstreamStream | undefined;
  #head: IncomingHead | undefined;
  #over = false;

  constructor(exchange: Exchange, done: (result: ProbeResult, failure?: UpstreamFailure) => void) {
    this.#exchange = exchange;
    this.#done = done;
  }

  begin(pool: StreamPool): void {
    this.#stream = pool.open(this.#exchange.head, this, { idleTimeout: 0 });
  }

  cancel(): void {
    this.#over = true;
    this.#stream?.cancel('unwanted');
  }

  opened(stream: UpstreamStream): void {
    this.#stream = stream;
    const { body } = this.#exchange;
    if (body) stream.write(body);
    stream.finish();
  }

  head(head: IncomingHead, last: boolean): void {
    this.#head = head;
    if (last) this.end([]);
  }

  body(piece: Buffer, last: boolean): void {
    this.#size += piece.length;
    if (this.#size <= MAX_BODY) this.#pieces.push(piece);
    if (last) this.end([]);
  }

  end(trailers: readonly string[]): void {
    // `head` comes before any end.
    const judged = this.#exchange.judge(this.#head!, Buffer.concat(this.#pieces), trailers);
    this.#tell(judged);
  }

  flush(): void {
    // Nobody waits for a part of the answer.
  }

  upgraded(head: IncomingHead, socket: Socket): void {
    socket.destroy();
    this.#tell({ type: 'failure', kind: 'answered', detail: `status ${head.status}` });
  }

  writable(): void {
    // What is sent is small.
  }

  failed(failure: UpstreamFailure): void {
    this.#tell({ type: 'failure', kind: 'unreachable', detail: failure.detail }, failure);
  }

  #tell(result: ProbeResult, failure?: UpstreamFailure): void {
    if (this.#over) return;
    this.#over = true;
    // A failure may be told before the request is even on its way.
    queueMicrotask(() => this.#done(result, failure));
  }
}
