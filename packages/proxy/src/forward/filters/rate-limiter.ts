import type { RateLimitPolicy } from '../../config/filters/rate-limit-policy.ts';
import type { ClientFacts } from '../../config/request-view.ts';
import { TokenBucket } from './token-bucket.ts';

/** The buckets of one policy, by descriptor; the one of all requests under the empty text. */
type Buckets = Map<string, TokenBucket>;

/** Counts requests against the limits of policies, which it remembers as long as those live. */
export class RateLimiter {
  readonly #shared = new WeakMap<RateLimitPolicy, Buckets>();
  readonly #byConnection = new WeakMap<ClientFacts, WeakMap<RateLimitPolicy, Buckets>>();
  readonly #now: () => number;

  /** `now` in milliseconds; only differences matter. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is left of the limits of `before` holds for those of `after` that are the same. */
  carryOver(before: Iterable<RateLimitPolicy>, after: Iterable<RateLimitPolicy>): void {
    const known = new Map<string, Buckets>();
    for (const policy of before) {
      const buckets = this.#shared.get(policy);
      if (buckets) known.set(policy.key, buckets);
    }
    if (known.size === 0) return;
    for (const policy of after) {
      const buckets = known.get(policy.key);
      if (buckets) this.#shared.set(policy, buckets);
    }
  }

  /** True when a request that these descriptors describe may come; it counts then. */
  allows(policy: RateLimitPolicy, descriptors: readonly string[], client: ClientFacts): boolean {
    const buckets = this.#buckets(policy, client);
    const fitting = descriptors
      .filter((each) => policy.descriptors.has(each))
      // As Envoy: the slowest first, so that it is the others that keep their tokens.
      .sort((a, b) => policy.descriptors.get(a)!.rate - policy.descriptors.get(b)!.rate);
    for (const each of fitting) {
      if (!this.#take(buckets, each, policy.descriptors.get(each)!)) return false;
    }
    if (!policy.bucket || (fitting.length > 0 && !policy.always)) return true;
    return this.#take(buckets, '', policy.bucket);
  }

  #take(buckets: Buckets, key: string, size: NonNullable<RateLimitPolicy['bucket']>): boolean {
    const now = this.#now();
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = new TokenBucket(size, now);
      buckets.set(key, bucket);
    }
    return bucket.tryTake(now);
  }

  #buckets(policy: RateLimitPolicy, client: ClientFacts): Buckets {
    let policies = this.#shared;
    if (policy.perConnection) {
      policies = this.#byConnection.get(client) ?? new WeakMap();
      this.#byConnection.set(client, policies);
    }
    let buckets = policies.get(policy);
    if (!buckets) {
      buckets = new Map();
      policies.set(policy, buckets);
    }
    return buckets;
  }
}
