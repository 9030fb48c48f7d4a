const SIZE = 624;
const OFFSET = 397;

/**
 * MT19937 (M. Matsumoto, T. Nishimura, 1998), of which Envoy takes the order in which it passes over
 * overloaded endpoints. Seeded anew, it allocates nothing, and computes no more state than is asked for.
 */
export class MersenneTwister {
  readonly #state = new Int32Array(SIZE);
  /** How much of the state is there. */
  #known = 0;
  #at = 0;

  /** The same seed gives the same numbers; its low 32 bits count. */
  seed(seed: number): void {
    this.#state[0] = seed;
    this.#known = 1;
    this.#at = 0;
  }

  /** Uniform over the integers of [0, bound), in the way of Envoy: by division, again when over. */
  below(bound: number): number {
    const part = Math.floor(2 ** 32 / bound);
    for (;;) {
      const value = Math.floor((this.#next() >>> 0) / part);
      if (value < bound) return value;
    }
  }

  #next(): number {
    const state = this.#state;
    const i = this.#at;
    this.#at = i + 1 === SIZE ? 0 : i + 1;
    this.#extend(Math.min(SIZE, i + OFFSET + 1));
    const mixed = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
    const twist = (mixed & 1) === 0 ? 0 : 0x9908b0df;
    state[i] = state[(i + OFFSET) % SIZE]! ^ (mixed >>> 1) ^ twist;
    let value = state[i]!;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return value ^ (value >>> 18);
  }

  #extend(to: number): void {
    const state = this.#state;
    let value = state[this.#known - 1]!;
    for (let i = this.#known; i < to; i++) {
      value = (Math.imul(value ^ (value >>> 30), 1812433253) + i) | 0;
      state[i] = value;
    }
    this.#known = Math.max(this.#known, to);
  }
}
