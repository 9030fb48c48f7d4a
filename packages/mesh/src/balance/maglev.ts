import type { Balancer, PickContext, Weighted } from './balancer.ts';
import { Hash64 } from './hash64.ts';
import type { RandomSource } from './random-source.ts';
import type { Keyed } from './ring-hash.ts';

/** Envoy's `MaglevLbConfig`. */
export interface MaglevOptions {
  /** For requests that bring no hash. */
  readonly random: RandomSource;
  /** A prime, at most 2^26 (Envoy: 5,000,011). Default 65,537. */
  readonly tableSize?: number;
}

/** How often another hash is tried for a refused item before the items are gone through. */
const ATTEMPTS = 8;

/** An item that fills the table, at its next place in its own order of places. */
interface Filler {
  readonly index: number;
  /** Its weight, of all. */
  readonly share: number;
  readonly skip: number;
  next: number;
  /** Its turn comes when its share, times the rounds, has come to this. */
  target: number;
}

/**
 * Maglev's table: D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer" (2016),
 * with weights as Envoy's `MAGLEV`, entry for entry: XXH64 of the key gives the first place, with seed 1
 * the distance of places; items fill in the order of their keys. Given the same endpoints and a hash,
 * both choose the same one. Shares are more even than a ring's, and a pick is one look into the table.
 */
export class Maglev<T extends Keyed> implements Balancer<T> {
  readonly #random: RandomSource;
  readonly #tableSize: number;
  readonly #retry = new Hash64();
  #items: T[] = [];
  #table = new Int32Array();

  constructor(items: Iterable<Weighted<T>>, { random, tableSize = 65_537 }: MaglevOptions) {
    this.#random = random;
    this.#tableSize = tableSize;
    this.update(items);
  }

  get size(): number {
    return this.#items.length;
  }

  /** For who is refused there is another hash, as with Envoy's retries, and in the end the next item. */
  pick(context?: PickContext<T>): T | undefined {
    const items = this.#items;
    if (items.length === 0) return undefined;
    const hash = context?.hash;
    const place = hash ? hash.modulo(this.#tableSize) : this.#random.below(this.#tableSize);
    const first = this.#table[place]!;
    const accept = context?.accept;
    if (!accept || accept(items[first]!)) return items[first];
    for (let attempt = 1; hash && attempt <= ATTEMPTS; attempt++) {
      this.#retry.high = ~hash.high;
      this.#retry.low = hash.low ^ -attempt;
      const item = items[this.#table[this.#retry.modulo(this.#tableSize)]!]!;
      if (accept(item)) return item;
    }
    for (let i = 1; i < items.length; i++) {
      const item = items[(first + i) % items.length]!;
      if (accept(item)) return item;
    }
    return undefined;
  }

  update(items: Iterable<Weighted<T>>): void {
    const weighted = [...items].filter(({ weight }) => weight > 0);
    weighted.sort((a, b) => (a.item.key < b.item.key ? -1 : 1));
    this.#items = weighted.map(({ item }) => item);
    this.#table = new Int32Array(this.#items.length > 0 ? this.#tableSize : 0).fill(-1);
    const fillers = this.#fillers(weighted);
    const heaviest = fillers.reduce((most, { share }) => Math.max(most, share), 0);
    let filled = 0;
    for (let round = 1; filled < this.#table.length; round++) {
      for (const filler of fillers) {
        if (round * filler.share < filler.target) continue;
        filler.target += heaviest;
        this.#table[this.#freePlace(filler)] = filler.index;
        if (++filled === this.#table.length) break;
      }
    }
  }

  #fillers(weighted: readonly Weighted<T>[]): Filler[] {
    const sum = weighted.reduce((total, { weight }) => total + weight, 0);
    const hash = new Hash64();
    return weighted.map(({ item, weight }, index) => {
      const next = hash.ofText(item.key).modulo(this.#tableSize);
      const skip = hash.ofText(item.key, 1).modulo(this.#tableSize - 1) + 1;
      return { index, share: weight / sum, skip, next, target: 0 };
    });
  }

  #freePlace(filler: Filler): number {
    let place = filler.next;
    while (this.#table[place] !== -1) place = (place + filler.skip) % this.#tableSize;
    filler.next = (place + filler.skip) % this.#tableSize;
    return place;
  }
}
