import type { Socket } from 'node:net';
import type { Cluster } from '../upstream/cluster.ts';
import type { OutgoingHead, StreamReceiver, UpstreamStream } from '../upstream/stream.ts';
import type { BodyCopy } from './request-body.ts';

/** Bytes of a body that wait for a slow endpoint; with more the copy is given up. */
const MAX_WAITING = 1024 * 1024;

/** How a copy is sent. Times in milliseconds, 0 for none. */
export interface MirrorOptions {
  readonly timeout: number;
  readonly idleTimeout: number;
}

/** A copy of a request that goes to another cluster; what comes back is dropped. */
export class Mirror implements StreamReceiver, BodyCopy {
  readonly #timer: NodeJS.Timeout | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #stream: UpstreamStream | undefined;
  #state: 'opening' | 'open' | 'blocked' | 'over' = 'opening';
  #trailers: readonly string[] | undefined;

  private constructor(timeout: number) {
    if (timeout > 0) this.#timer = setTimeout(() => this.cancel(), timeout);
  }

  /** Sends the copy; undefined when there is nobody to send it to. */
  static open(cluster: Cluster, head: OutgoingHead, options: MirrorOptions): Mirror | undefined {
    const endpoint = cluster.pick();
    if (!endpoint) return undefined;
    const mirror = new Mirror(options.timeout);
    const stream = cluster.open(endpoint, head, mirror, { idleTimeout: options.idleTimeout });
    if (mirror.#state !== 'over') mirror.#stream = stream;
    if (head.body.type === 'none') mirror.finish([]);
    return mirror;
  }

  write(piece: Buffer): void {
    if (this.#state === 'over') return;
    if (this.#state === 'open') {
      if (this.#stream?.write(piece) === false) this.#state = 'blocked';
      return;
    }
    this.#waiting.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes > MAX_WAITING) this.cancel();
  }

  finish(trailers: readonly string[]): void {
    this.#trailers = trailers;
    this.#pass();
  }

  /** Gives the copy up. Idempotent. */
  cancel(): void {
    if (this.#state === 'over') return;
    const stream = this.#stream;
    this.#over();
    stream?.cancel('unwanted');
  }

  opened(stream: UpstreamStream): void {
    if (this.#state === 'over') return;
    this.#stream = stream;
    this.writable();
  }

  writable(): void {
    if (this.#state === 'over') return;
    this.#state = 'open';
    this.#pass();
  }

  head(_head: unknown, last: boolean): void {
    if (last) this.#over();
  }

  body(_piece: Buffer, last: boolean): void {
    if (last) this.#over();
  }

  end(): void {
    this.#over();
  }

  flush(): void {}

  upgraded(_head: unknown, socket: Socket): void {
    socket.destroy();
    this.#over();
  }

  failed(): void {
    this.#over();
  }

  #pass(): void {
    while (this.#state === 'open' && this.#waiting.length > 0) {
      const piece = this.#waiting.shift()!;
      this.#waitingBytes -= piece.length;
      this.write(piece);
    }
    const trailers = this.#trailers;
    if (this.#state !== 'open' || !trailers) return;
    this.#trailers = undefined;
    this.#stream?.finish(trailers);
  }

  #over(): void {
    this.#state = 'over';
    this.#waiting = [];
    this.#stream = undefined;
    clearTimeout(this.#timer);
  }
}
