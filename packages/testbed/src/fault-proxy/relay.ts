import type { Socket } from 'node:net';
import { reset } from './reset.ts';

/** What a {@link Relay} obeys; shared by all relays of one direction, and changed while they run. */
export interface RelayFaults {
  /** Nothing is forwarded, nothing is lost. */
  stalled: boolean;
  /** Milliseconds that everything takes longer. */
  delay: number;
}

type Item = { readonly due: number } & (
  | { readonly kind: 'data'; readonly data: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
);

/**
 * One direction of a connection. Data, the end and a reset keep their order, and all of them wait
 * while the proxy is stalled, so that neither side learns what the other did.
 */
export class Relay {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #faults: RelayFaults;
  readonly #queue: Item[] = [];
  #resetAfter: number;
  #timer: NodeJS.Timeout | undefined;

  /** Forwards `source` to `sink`; after `resetAfter` bytes both are reset. */
  constructor(source: Socket, sink: Socket, faults: RelayFaults, resetAfter = Infinity) {
    this.#source = source;
    this.#sink = sink;
    this.#faults = faults;
    this.#resetAfter = resetAfter;
    source.on('data', (data: Buffer) => this.#put({ kind: 'data', data, due: this.#due() }));
    source.on('end', () => this.#put({ kind: 'end', due: this.#due() }));
    source.on('error', () => this.#put({ kind: 'reset', due: this.#due() }));
    sink.on('drain', () => this.pump());
    sink.on('close', () => clearTimeout(this.#timer));
  }

  /** Forwards what is due. To be called when the faults have changed. */
  pump(): void {
    clearTimeout(this.#timer);
    if (this.#faults.stalled) {
      this.#source.pause();
      return;
    }
    let item = this.#queue[0];
    while (item && !this.#sink.writableNeedDrain) {
      const early = item.due - performance.now();
      if (early > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(early));
        break;
      }
      this.#queue.shift();
      this.#forward(item);
      item = this.#queue[0];
    }
    if (this.#sink.writableNeedDrain) this.#source.pause();
    else this.#source.resume();
  }

  #put(item: Item): void {
    this.#queue.push(item);
    this.pump();
  }

  #due(): number {
    return performance.now() + this.#faults.delay;
  }

  #forward(item: Item): void {
    if (this.#sink.destroyed) return;
    if (item.kind === 'end') this.#sink.end();
    else if (item.kind === 'reset') reset(this.#sink);
    else if (item.data.length < this.#resetAfter) {
      this.#resetAfter -= item.data.length;
      this.#sink.write(item.data);
    } else this.#cutShort(item.data.subarray(0, this.#resetAfter));
  }

  /** The last bytes, and a reset once they are on their way. */
  #cutShort(last: Buffer): void {
    this.#queue.length = 0;
    this.#source.removeAllListeners('data');
    this.#sink.write(last, () => {
      reset(this.#sink);
      reset(this.#source);
    });
  }
}
