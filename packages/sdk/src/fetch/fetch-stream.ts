import {
  type ClientFacts,
  type ClientReceiver,
  type ClientStream,
  NO_RECEIVER,
} from '@meshkeeper/proxy';
import { SdkError, type SdkErrorCode } from '../sdk-error.ts';
import type { RequestBody } from './request-body.ts';

/** Bytes of a response that wait for their reader; then the endpoint is read no further. */
const HIGH_WATER_MARK = 64 * 1024;
/** A request of this process comes by no connection. */
const HERE: ClientFacts = {
  ...{ remoteAddress: '127.0.0.1', remotePort: 0, localAddress: '127.0.0.1', localPort: 0 },
  secure: false,
};
const STRATEGY = {
  highWaterMark: HIGH_WATER_MARK,
  size: (chunk: Uint8Array) => chunk.byteLength,
};
/** Statuses with which there is no body. */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** The statuses with which a data plane says what went wrong. */
const CODES: Readonly<Record<number, SdkErrorCode>> = {
  400: 'INVALID_ARGUMENT',
  404: 'NO_ROUTE',
  408: 'TIMEOUT',
  502: 'BAD_RESPONSE',
  504: 'TIMEOUT',
};

type State =
  | { readonly type: 'waiting' }
  /** The head has come, and nothing of the body yet. */
  | { readonly type: 'head'; readonly init: ResponseInit }
  | {
      readonly type: 'body';
      readonly controller: ReadableStreamDefaultController<Uint8Array>;
    }
  | { readonly type: 'done' };

/** One request of `fetch`, as the data plane sees its clients. */
export class FetchStream implements ClientStream {
  receiver: ClientReceiver = NO_RECEIVER;
  flushTimeout = 0;
  readonly client = HERE;
  readonly expectsContinue = false;
  readonly #method: string;
  readonly #body: RequestBody;
  readonly #response = Promise.withResolvers<Response>();
  readonly #signal: AbortSignal | undefined;
  #state: State = { type: 'waiting' };
  #status = 0;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #reading = false;
  #pumping = false;
  #read = false;
  #paused = false;
  #closed: (() => void)[] = [];

  constructor(method: string, body: RequestBody, signal: AbortSignal | undefined) {
    this.#method = method;
    this.#body = body;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  /** The response, once its head is there; its body follows. */
  get response(): Promise<Response> {
    return this.#response.promise;
  }

  get status(): number {
    return this.#status;
  }

  whenClosed(callback: () => void): void {
    this.#closed.push(callback);
  }

  read(): void {
    this.#reading = true;
    const body = this.#body;
    if (body.type === 'stream') void this.#pump(body.stream);
    else if (!this.#read) {
      this.#read = true;
      if (body.type === 'bytes' && body.bytes.length > 0) this.receiver.data(body.bytes);
      this.receiver.ended([]);
    }
  }

  pause(): void {
    this.#reading = false;
  }

  continue(): void {}

  lastOfConnection(): void {}

  respond(status: number, statusText: string, fields: readonly string[]): void {
    this.#status = status;
    const headers: [string, string][] = [];
    for (let i = 0; i < fields.length; i += 2) headers.push([fields[i]!, fields[i + 1]!]);
    this.#state = { type: 'head', init: { status, statusText, headers } };
  }

  flush(): void {
    if (this.#state.type === 'head') this.#open(this.#state.init);
  }

  write(piece: Buffer): boolean {
    this.flush();
    if (this.#state.type !== 'body') return true;
    const { controller } = this.#state;
    controller.enqueue(bytesOf(piece));
    this.#paused = (controller.desiredSize ?? 0) <= 0;
    return !this.#paused;
  }

  end(piece?: Buffer): void {
    // What is complete by now needs no stream.
    if (this.#state.type === 'head') this.#settle(this.#state.init, piece ? bytesOf(piece) : null);
    else if (this.#state.type === 'body') {
      const { controller } = this.#state;
      if (piece) controller.enqueue(bytesOf(piece));
      controller.close();
    }
    this.#over();
  }

  fail(status: number, message: string): void {
    this.#status = status;
    this.#fail(new SdkError(CODES[status] ?? 'UNAVAILABLE', message));
  }

  reset(): void {
    this.#fail(new SdkError('BROKEN_OFF', 'The response broke off before its end.'));
  }

  switchProtocols(): undefined {
    return undefined;
  }

  /** Gives it up: nobody wants the response. */
  cancel(reason: unknown): void {
    if (this.#state.type === 'done') return;
    const { receiver } = this;
    this.#fail(reason);
    receiver.closed();
  }

  readonly #aborted = (): void => this.cancel(this.#signal?.reason);

  #open(init: ResponseInit): void {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#state = { type: 'body', controller };
        },
        pull: () => {
          if (!this.#paused) return;
          this.#paused = false;
          this.receiver.drained();
        },
        cancel: (reason) => {
          this.#state = { type: 'done' };
          const { receiver } = this;
          this.#over();
          receiver.closed();
          void reason;
        },
      },
      STRATEGY,
    );
    this.#settle(init, body);
  }

  #settle(init: ResponseInit, body: ReadableStream<Uint8Array> | Uint8Array | null): void {
    const bodiless = this.#method === 'HEAD' || BODILESS.has(init.status ?? 0);
    try {
      // The platform takes bytes of any buffer; its types want to know which.
      const given = bodiless ? null : (body as ReadableStream | Uint8Array<ArrayBuffer> | null);
      this.#response.resolve(new Response(given, init));
    } catch (cause) {
      const message = `The response can't be shown as one of fetch: ${String(cause)}.`;
      this.#response.reject(new SdkError('BAD_RESPONSE', message, { cause }));
    }
  }

  #fail(error: unknown): void {
    if (this.#state.type === 'body') this.#state.controller.error(error);
    else this.#response.reject(error);
    this.#over();
  }

  #over(): void {
    this.#state = { type: 'done' };
    this.#reading = false;
    this.#signal?.removeEventListener('abort', this.#aborted);
    if (this.#body.type === 'stream' && !this.#read) this.#giveUp(this.#body.stream);
    for (const callback of this.#closed.splice(0)) callback();
  }

  #giveUp(stream: ReadableStream<Uint8Array>): void {
    const cancelled = this.#reader ? this.#reader.cancel() : stream.cancel();
    cancelled.catch(() => {
      // Whoever makes the body hears of its own failure.
    });
  }

  async #pump(stream: ReadableStream<Uint8Array>): Promise<void> {
    if (this.#pumping || this.#read) return;
    this.#pumping = true;
    try {
      this.#reader ??= stream.getReader();
      while (this.#reading) {
        const { done, value } = await this.#reader.read();
        if (this.#state.type === 'done') return;
        if (done) {
          this.#read = true;
          this.receiver.ended([]);
          return;
        }
        if (!(value instanceof Uint8Array))
          throw new SdkError('INVALID_ARGUMENT', 'The body has to be a stream of bytes.');
        this.receiver.data(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      }
    } catch (error) {
      this.cancel(error);
    } finally {
      this.#pumping = false;
    }
  }
}

/** The same bytes, as what the platform's streams carry. */
function bytesOf({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
