import type { Service } from './service.ts';

/** A power of two: enough that a bucket of a 100,000-service catalog is copied in microseconds. */
const BUCKETS = 512;
type Bucket = ReadonlyMap<string, Service>;
const EMPTY: Bucket = new Map();

/**
 * An immutable map of services by name with structural sharing: a change copies one bucket of 512,
 * so that its cost stays small whatever the size of the catalog, and two versions are compared by
 * the buckets they don't share.
 */
export class ServiceMap implements Iterable<Service> {
  static readonly empty = new ServiceMap(new Array(BUCKETS).fill(EMPTY), 0);

  readonly #buckets: readonly Bucket[];
  /** Number of services. */
  readonly size: number;

  private constructor(buckets: readonly Bucket[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static from(services: Iterable<Service>): ServiceMap {
    const buckets: Map<string, Service>[] = [];
    for (const service of services) {
      const at = bucketOf(service.name);
      buckets[at] ??= new Map();
      buckets[at].set(service.name, service);
    }
    let size = 0;
    const filled = Array.from({ length: BUCKETS }, (_, i) => {
      size += buckets[i]?.size ?? 0;
      return buckets[i] ?? EMPTY;
    });
    return new ServiceMap(filled, size);
  }

  get(name: string): Service | undefined {
    return this.#buckets[bucketOf(name)]?.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** A version with these services set (or removed, where the value is undefined). */
  with(changes: ReadonlyMap<string, Service | undefined>): ServiceMap {
    const buckets = this.#buckets.slice();
    const copied = new Map<number, Map<string, Service>>();
    let size = this.size;
    for (const [name, service] of changes) {
      const at = bucketOf(name);
      let bucket = copied.get(at);
      if (bucket === undefined) {
        bucket = new Map(buckets[at]);
        copied.set(at, bucket);
        buckets[at] = bucket;
      }
      size -= bucket.size;
      if (service === undefined) bucket.delete(name);
      else bucket.set(name, service);
      size += bucket.size;
    }
    return new ServiceMap(buckets, size);
  }

  /** Names whose service is not the same object in both, in no particular order. */
  changedSince(earlier: ServiceMap): Set<string> {
    const changed = new Set<string>();
    for (let i = 0; i < BUCKETS; i++) {
      const before = earlier.#buckets[i]!;
      const after = this.#buckets[i]!;
      if (before === after) continue;
      for (const [name, service] of after) if (before.get(name) !== service) changed.add(name);
      for (const name of before.keys()) if (!after.has(name)) changed.add(name);
    }
    return changed;
  }

  *[Symbol.iterator](): Iterator<Service> {
    for (const bucket of this.#buckets) yield* bucket.values();
  }
}

/** FNV-1a over UTF-16 code units. */
function bucketOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (BUCKETS - 1);
}
