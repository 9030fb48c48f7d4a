/** Of what there are limits: Envoy's `CircuitBreakers.Thresholds`. */
export type Resource = 'connections' | 'pending' | 'requests' | 'retries';

/** Retries in proportion to the requests; Envoy's `RetryBudget`. */
export interface RetryShare {
  /** Of the requests that are under way or pending, in percent. Default 20. */
  readonly percent?: number;
  /** Retries that may always be under way. Default 3. */
  readonly minConcurrency?: number;
}

/** How much of each there may be at once. */
export interface CircuitBreakerOptions {
  /** Default 1,024. */
  readonly connections?: number;
  /** Requests that wait for a connection. Default 1,024. */
  readonly pending?: number;
  /** Default 1,024. */
  readonly requests?: number;
  /** Default 3. */
  readonly retries?: number;
  /** Replaces the limit of retries. */
  readonly retryShare?: RetryShare;
}

/**
 * Envoy's circuit breakers: limits to what a cluster has at once, beyond which it is better to fail at
 * once than to wait. Each is open while its limit is reached. Envoy has one for each of its two
 * priorities of requests.
 */
export class CircuitBreaker {
  #limits: Readonly<Record<Resource, number>>;
  #share: RetryShare | undefined;
  readonly #used: Record<Resource, number> = {
    connections: 0,
    pending: 0,
    requests: 0,
    retries: 0,
  };

  constructor(options: CircuitBreakerOptions = {}) {
    this.#limits = limitsOf(options);
    this.#share = options.retryShare;
  }

  /** New limits for what there is and will be. */
  configure(options: CircuitBreakerOptions): void {
    this.#limits = limitsOf(options);
    this.#share = options.retryShare;
  }

  /** How many there are. */
  used(resource: Resource): number {
    return this.#used[resource];
  }

  /** How many there may be now. */
  limit(resource: Resource): number {
    if (resource !== 'retries' || !this.#share) return this.#limits[resource];
    const { percent = 20, minConcurrency = 3 } = this.#share;
    const active = this.#used.requests + this.#used.pending;
    return Math.max(Math.floor((percent / 100) * active), minConcurrency);
  }

  /** True while there may be no more. */
  isOpen(resource: Resource): boolean {
    return this.#used[resource] >= this.limit(resource);
  }

  /** Takes one, unless the limit is reached; {@link release} gives it back. */
  tryAcquire(resource: Resource): boolean {
    if (this.isOpen(resource)) return false;
    this.#used[resource]++;
    return true;
  }

  /** Takes one whatever the limit is. */
  acquire(resource: Resource): void {
    this.#used[resource]++;
  }

  release(resource: Resource): void {
    if (this.#used[resource] === 0) throw new RangeError(`none of the ${resource} is taken`);
    this.#used[resource]--;
  }
}

function limitsOf(options: CircuitBreakerOptions): Readonly<Record<Resource, number>> {
  const { connections = 1024, pending = 1024, requests = 1024, retries = 3 } = options;
  return { connections, pending, requests, retries };
}
