/** Where chance comes from. Integers only: V8 may put a fraction that a call returns on the heap. */
export interface RandomSource {
  /** Uniform over the integers of [0, bound); bound at most 2^31. */
  below(bound: number): number;
}

/**
 * xoshiro128** 1.1 of David Blackman and Sebastiano Vigna ("Scrambled linear pseudorandom number
 * generators", 2021), seeded through splitmix32. Not for secrets. A bound of n is off uniform by no
 * more than n / 2^32.
 */
export class Xoshiro128 implements RandomSource {
  readonly #state = new Int32Array(4);

  /** The same seed gives the same numbers; its low 32 bits count. */
  constructor(seed: number) {
    let sum = seed | 0;
    for (let i = 0; i < 4; i++) {
      sum = (sum + 0x9e3779b9) | 0;
      let mixed = Math.imul(sum ^ (sum >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      this.#state[i] = mixed ^ (mixed >>> 15);
    }
  }

  below(bound: number): number {
    const state = this.#state;
    const second = state[1]!;
    const scrambled = Math.imul(rotate(Math.imul(second, 5), 7), 9);
    state[2]! ^= state[0]!;
    state[3]! ^= second;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= second << 9;
    state[3] = rotate(state[3]!, 11);
    return Math.floor((scrambled >>> 0) * (bound / 2 ** 32));
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
