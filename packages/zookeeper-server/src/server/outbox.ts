import { Writer } from '@meshkeeper/jute';

interface Sealed {
  readonly batch: number;
  readonly bytes: Buffer;
}

/**
 * What is to be sent on one connection, in order, each piece with the batch of transactions that
 * has to be durable first: nobody may learn of a write that could still be lost.
 */
export class Outbox {
  #writer = new Writer();
  #batch = 0;
  readonly #sealed: Sealed[] = [];
  #sealedBytes = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.#sealedBytes + this.#writer.length;
  }

  /** Where to write frames that must wait for `batch`, which never goes down. */
  writer(batch: number): Writer {
    if (batch !== this.#batch && this.#writer.length > 0) {
      const bytes = this.#writer.take();
      this.#sealed.push({ batch: this.#batch, bytes });
      this.#sealedBytes += bytes.length;
    }
    this.#batch = batch;
    return this.#writer;
  }

  /** Takes out what may be sent now that all batches up to `durable` are. */
  take(durable: number): Buffer[] {
    const free: Buffer[] = [];
    while (this.#sealed.length > 0 && this.#sealed[0]!.batch <= durable) {
      const { bytes } = this.#sealed.shift()!;
      this.#sealedBytes -= bytes.length;
      free.push(bytes);
    }
    if (this.#batch <= durable && this.#writer.length > 0) free.push(this.#writer.take());
    return free;
  }
}
