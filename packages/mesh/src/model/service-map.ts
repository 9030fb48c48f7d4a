import type { Service } from './service.ts';

/** Both a power of two: 128 x 128 buckets of a 100,000-service catalog hold six services each. */
const BRANCHES = 128;
const BUCKETS = 128;
type Bucket = ReadonlyMap<string, Service>;
type Branch = readonly Bucket[];
const EMPTY: Bucket = new Map();
const EMPTY_BRANCH: Branch = new Array(BUCKETS).fill(EMPTY);

/**
 * An immutable map of services by name with structural sharing: a change copies one bucket of 16,384
 * and the two short lists above it, so that its cost stays small whatever the size of the catalog,
 * and two versions are compared by what they don't share.
 */
export class ServiceMap implements Iterable<Service> {
  static readonly empty = new ServiceMap(new Array(BRANCHES).fill(EMPTY_BRANCH), 0);

  readonly #branches: readonly Branch[];
  /** Number of services. */
  readonly size: number;

  private constructor(branches: readonly Branch[], size: number) {
    this.#branches = branches;
    this.size = size;
  }

  static from(services: Iterable<Service>): ServiceMap {
    return ServiceMap.empty.with(
      new Map(Array.from(services, (service) => [service.name, service])),
    );
  }

  get(name: string): Service | undefined {
    const at = placeOf(name);
    return this.#branches[branchOf(at)]?.[bucketOf(at)]?.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** A version with these services set (or removed, where the value is undefined). */
  with(changes: ReadonlyMap<string, Service | undefined>): ServiceMap {
    const branches = this.#branches.slice();
    /** What is copied already, and may be written to. */
    const ownBranches = new Map<number, Bucket[]>();
    const ownBuckets = new Map<number, Map<string, Service>>();
    let size = this.size;
    for (const [name, service] of changes) {
      const at = placeOf(name);
      let bucket = ownBuckets.get(at);
      if (bucket === undefined) {
        let branch = ownBranches.get(branchOf(at));
        if (branch === undefined) {
          branch = branches[branchOf(at)]!.slice();
          ownBranches.set(branchOf(at), branch);
          branches[branchOf(at)] = branch;
        }
        bucket = new Map(branch[bucketOf(at)]);
        ownBuckets.set(at, bucket);
        branch[bucketOf(at)] = bucket;
      }
      size -= bucket.size;
      if (service === undefined) bucket.delete(name);
      else bucket.set(name, service);
      size += bucket.size;
    }
    return new ServiceMap(branches, size);
  }

  /** Names whose service is not the same object in both, in no particular order. */
  changedSince(earlier: ServiceMap): Set<string> {
    const changed = new Set<string>();
    for (let i = 0; i < BRANCHES; i++) {
      const olds = earlier.#branches[i]!;
      const news = this.#branches[i]!;
      if (olds === news) continue;
      for (let j = 0; j < BUCKETS; j++) {
        const before = olds[j]!;
        const after = news[j]!;
        if (before === after) continue;
        for (const [name, service] of after) if (before.get(name) !== service) changed.add(name);
        for (const name of before.keys()) if (!after.has(name)) changed.add(name);
      }
    }
    return changed;
  }

  *[Symbol.iterator](): Iterator<Service> {
    for (const branch of this.#branches) for (const bucket of branch) yield* bucket.values();
  }
}

/** The bucket of a name among all: FNV-1a over UTF-16 code units. */
function placeOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (BRANCHES * BUCKETS - 1);
}

function branchOf(place: number): number {
  return place & (BRANCHES - 1);
}

function bucketOf(place: number): number {
  return Math.floor(place / BRANCHES);
}
