/** How much a client may ask. */
export interface Rate {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Clients that are remembered; of more, those that were seen longest ago are as new. */
const CLIENTS = 10_000;

/** Token buckets, one a client. Pure but for what it remembers. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /**
   * Takes a request of a client.
   * @param now milliseconds
   * @returns 0, or in how many seconds it may be asked again
   */
  take(client: string, now: number): number {
    const { requestsPerSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(client) ?? { tokens: burst, at: now };
    const gained = (Math.max(0, now - bucket.at) / 1000) * requestsPerSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + gained);
    bucket.at = now;
    this.#remember(client, bucket);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / requestsPerSecond));
    bucket.tokens -= 1;
    return 0;
  }

  #remember(client: string, bucket: Bucket): void {
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size <= CLIENTS) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
