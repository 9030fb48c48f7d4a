/** The server's figures at one moment. */
export interface ServerStats {
  readonly connections: number;
  readonly sessions: number;
  readonly znodes: number;
  readonly ephemerals: number;
  /** Bytes of paths and data. */
  readonly dataSize: number;
  readonly watches: number;
  readonly watchedPaths: number;
  readonly watchers: number;
  /** Last transaction. */
  readonly zxid: bigint;
  /** Frames received and sent since the start. */
  readonly received: number;
  readonly sent: number;
  /** Requests that wait for their transaction to be durable. */
  readonly outstanding: number;
  /** Milliseconds from a batch's first write until it was durable. */
  readonly latency: { readonly min: number; readonly average: number; readonly max: number };
  /** Milliseconds since the start. */
  readonly uptime: number;
}

/** Minimum, mean and maximum of a series. */
export class Latency {
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  add(value: number): void {
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  get figures(): ServerStats['latency'] {
    if (this.#count === 0) return { min: 0, average: 0, max: 0 };
    const round = (value: number) => Math.round(value * 100) / 100;
    return {
      min: round(this.#min),
      average: round(this.#sum / this.#count),
      max: round(this.#max),
    };
  }
}
