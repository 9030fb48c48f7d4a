/** How a request ended, as far as balancing is concerned. */
export type Outcome = 'success' | 'failure';

/** What the loads of a cluster's endpoints have in common. */
export interface ClusterLoadOptions {
  /**
   * Milliseconds; only differences matter. It is read with every pick by latency: whole milliseconds
   * since the start never allocate, while V8 may put a fraction, or a number over 2^31, on the heap.
   */
  readonly now: () => number;
  /** Mean life of a latency that was seen, in milliseconds. Default 10,000 (Finagle's). */
  readonly decay?: number;
}

/** The requests under way to a cluster, and where its endpoints' loads are made. */
export class ClusterLoad {
  /** Requests under way, to all of its endpoints. */
  active = 0;
  readonly now: () => number;
  readonly decay: number;

  constructor({ now, decay = 10_000 }: ClusterLoadOptions) {
    this.now = now;
    this.decay = decay;
  }

  /** The load of one more endpoint: to be kept as long as the endpoint lives. */
  add(): Load {
    return new Load(this);
  }
}

/**
 * One endpoint's requests: how many are under way, and how long they take. Algorithms share it, so that
 * an endpoint in several lists has one load. Latency is Finagle's peak-sensitive moving average
 * (`PeakEwma.scala`): a latency above the average replaces it at once, others draw it down in time.
 */
export class Load {
  /** Requests under way. */
  active = 0;
  readonly #cluster: ClusterLoad;
  #cost = 0;
  #stamp: number;

  constructor(cluster: ClusterLoad) {
    this.#cluster = cluster;
    this.#stamp = cluster.now();
  }

  /** A request has been sent to it. */
  started(): void {
    this.active++;
    this.#cluster.active++;
  }

  /**
   * A request that had started is over, after `latency` milliseconds. A failure never lowers the
   * average, and keeps it from fading.
   */
  finished(latency: number, outcome: Outcome): void {
    this.active--;
    this.#cluster.active--;
    const now = this.#cluster.now();
    const cost = this.latency(now);
    if (outcome === 'failure') {
      // Who fails at once would be taken for the quickest, and draw all requests.
      this.#cost = Math.max(latency, this.#cost);
    } else if (latency > cost) {
      this.#cost = latency;
    } else {
      const kept = Math.exp((this.#stamp - now) / this.#cluster.decay);
      this.#cost = cost + latency * (1 - kept);
    }
    this.#stamp = now;
  }

  /** The average latency in milliseconds, decayed to `now`; 0 before the first request is over. */
  latency(now: number): number {
    return this.#cost * Math.exp((this.#stamp - now) / this.#cluster.decay);
  }
}

/** An item whose load is known. */
export interface Loaded {
  readonly load: Load;
}
