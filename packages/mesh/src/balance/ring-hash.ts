import type { Balancer, PickContext, Weighted } from './balancer.ts';
import { Hash64 } from './hash64.ts';
import type { RandomSource } from './random-source.ts';

/** An item that has a name to be hashed by; for Envoy's choices it is its `address:port`. */
export interface Keyed {
  readonly key: string;
}

/** Envoy's `RingHashLbConfig`. */
export interface RingHashOptions {
  /** For requests that bring no hash. */
  readonly random: RandomSource;
  /**
   * Least number of points on the ring. Default 1,024; the more, the more even the shares. When an item
   * goes, the others get more points to make up for it: of n items' keys up to 2/n move, not 1/n.
   */
  readonly minSize?: number;
  /** Most points on the ring. Default 8,388,608. */
  readonly maxSize?: number;
  /**
   * As ketama instead of Envoy: so many points for the lightest item, however many items there are. Of n
   * items' keys 1/n move. ketama has 160.
   */
  readonly pointsEach?: number;
}

/** Of the first bits of a hash, so many at most find where its search begins: 256 KiB. */
const MAX_INDEX_BITS = 16;

/**
 * Consistent hashing on a ring (Karger et al., 1997) as ketama does it (Richard Jones, libketama, 2007),
 * point for point as Envoy's `RING_HASH` with `XX_HASH`: an item's points are XXH64 of `key_0`, `key_1`
 * and so on, by its weight; a hash goes to the first point that is not before it. Given the same
 * endpoints in the same order, and a hash, both choose the same one.
 */
export class RingHash<T extends Keyed> implements Balancer<T> {
  readonly #random: RandomSource;
  readonly #minSize: number;
  readonly #maxSize: number;
  readonly #pointsEach: number | undefined;
  #items: T[] = [];
  /** The ring's points in order: halves of the hash, and the index of the item. */
  #high = new Uint32Array();
  #low = new Uint32Array();
  #owner = new Uint32Array();
  /** By the hash's first bits, where its search begins. */
  #starts = new Uint32Array(2);
  #shift = 32;

  constructor(items: Iterable<Weighted<T>>, options: RingHashOptions) {
    this.#random = options.random;
    this.#minSize = options.minSize ?? 1024;
    this.#maxSize = options.maxSize ?? 8 * 2 ** 20;
    this.#pointsEach = options.pointsEach;
    this.update(items);
  }

  get size(): number {
    return this.#items.length;
  }

  /** Who is refused is as if not on the ring: the next point counts, as with Envoy's retries. */
  pick(context?: PickContext<T>): T | undefined {
    const points = this.#owner.length;
    if (points === 0) return undefined;
    const hash = context?.hash;
    let at = hash ? this.#search(hash.high >>> 0, hash.low >>> 0) : this.#random.below(points);
    const accept = context?.accept;
    for (let tries = points; tries > 0; tries--) {
      const item = this.#items[this.#owner[at]!]!;
      if (!accept || accept(item)) return item;
      at = at + 1 === points ? 0 : at + 1;
    }
    return undefined;
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    this.#items = weighted.map(({ item }) => item);
    const { high, low, owner } = this.#points(weighted);
    const order = Uint32Array.from(owner.keys());
    order.sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]!);
    this.#high = order.map((i) => high[i]!);
    this.#low = order.map((i) => low[i]!);
    this.#owner = order.map((i) => owner[i]!);
    this.#index();
  }

  /** A point or two to a start, so that a search touches little memory, however large the ring. */
  #index(): void {
    const bits = Math.min(MAX_INDEX_BITS, Math.ceil(Math.log2(this.#high.length + 1)));
    this.#shift = 32 - bits;
    this.#starts = new Uint32Array(2 ** bits + 1);
    for (const point of this.#high) this.#starts[(point >>> this.#shift) + 1]!++;
    for (let i = 1; i < this.#starts.length; i++) this.#starts[i]! += this.#starts[i - 1]!;
  }

  /** The points, not yet in order, their number as Envoy reckons it. */
  #points(weighted: readonly Weighted<T>[]) {
    const sum = weighted.reduce((total, { weight }) => total + weight, 0);
    const shares = weighted.map(({ weight }) => weight / sum);
    const least = shares.reduce((a, b) => Math.min(a, b), 1);
    const each = this.#pointsEach ?? Math.ceil(least * this.#minSize);
    const scale = Math.min(each / least, this.#maxSize);
    const hash = new Hash64();
    const high: number[] = [];
    const low: number[] = [];
    const owner: number[] = [];
    let target = 0;
    for (const [i, { item }] of weighted.entries()) {
      target += scale * shares[i]!;
      for (let n = 0; owner.length < target; n++) {
        hash.ofText(`${item.key}_${n}`);
        high.push(hash.high >>> 0);
        low.push(hash.low >>> 0);
        owner.push(i);
      }
    }
    return { high, low, owner };
  }

  /** The first point that is not before the hash; the ring's first when all are. */
  #search(high: number, low: number): number {
    let from = this.#starts[high >>> this.#shift]!;
    let to = this.#starts[(high >>> this.#shift) + 1]!;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const point = this.#high[middle]!;
      if (point < high || (point === high && this.#low[middle]! < low)) from = middle + 1;
      else to = middle;
    }
    return from === this.#high.length ? 0 : from;
  }
}
