/** 64 bits, as V8 keeps them without allocating. */
interface Halves {
  readonly high: number;
  readonly low: number;
}

const PRIME_1: Halves = { high: 0x9e3779b1 | 0, low: 0x85ebca87 | 0 };
const PRIME_2: Halves = { high: 0xc2b2ae3d | 0, low: 0x27d4eb4f | 0 };
const PRIME_3: Halves = { high: 0x165667b1 | 0, low: 0x9e3779f9 | 0 };
const PRIME_4: Halves = { high: 0x85ebca77 | 0, low: 0xc2b2ae63 | 0 };
const PRIME_5: Halves = { high: 0x27d4eb2f | 0, low: 0x165667c5 | 0 };

/**
 * A 64-bit hash that is computed in place, so that a caller who keeps one allocates nothing: V8 would
 * allocate each bigint on the way. The hash of a text is XXH64 of its UTF-8 (Yann Collet,
 * https://github.com/Cyan4973/xxHash), which is what Envoy hashes with.
 */
export class Hash64 {
  /** The upper 32 bits, as a signed integer. */
  high = 0;
  /** The lower 32 bits, as a signed integer. */
  low = 0;
  readonly #lanes = new Int32Array(8);
  #bytes = new Uint8Array(256);

  /** A hash that was computed elsewhere. */
  static from(value: bigint): Hash64 {
    return new Hash64().#set(Number(value >> 32n), Number(value & 0xffffffffn));
  }

  /** As an unsigned number of 64 bits. */
  toBigInt(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  /** Becomes the hash of the text; `seed` below 2^32. */
  ofText(text: string, seed = 0): this {
    if (this.#bytes.length < text.length * 3) this.#bytes = new Uint8Array(text.length * 3);
    let length = 0;
    while (length < text.length) {
      const code = text.charCodeAt(length);
      if (code >= 0x80) {
        length = new TextEncoder().encodeInto(text, this.#bytes).written;
        break;
      }
      this.#bytes[length++] = code;
    }
    return this.#of(length, seed);
  }

  /** Its remainder; `divisor` at most 2^26. */
  modulo(divisor: number): number {
    const upper = ((this.high >>> 0) % divisor) * (2 ** 32 % divisor);
    return (upper + (this.low >>> 0)) % divisor;
  }

  #of(length: number, seed: number): this {
    let at = 0;
    if (length < 32) this.#set(PRIME_5.high, PRIME_5.low).#add(0, seed);
    else at = this.#stripes(length, seed);
    this.#add(0, length);
    for (; at + 8 <= length; at += 8) {
      const { high, low } = this;
      this.#set(0, 0)
        .#round(this.#word(at + 4), this.#word(at))
        .#xor(high, low);
      this.#rotate(27).#multiply(PRIME_1).#add(PRIME_4.high, PRIME_4.low);
    }
    if (at + 4 <= length) {
      const { high, low } = this;
      this.#set(0, this.#word(at)).#multiply(PRIME_1).#xor(high, low);
      this.#rotate(23).#multiply(PRIME_2).#add(PRIME_3.high, PRIME_3.low);
      at += 4;
    }
    for (; at < length; at++) {
      const { high, low } = this;
      this.#set(0, this.#bytes[at]!).#multiply(PRIME_5).#xor(high, low);
      this.#rotate(11).#multiply(PRIME_1);
    }
    this.#fold(33).#multiply(PRIME_2).#fold(29).#multiply(PRIME_3);
    return this.#fold(32);
  }

  /** Four lanes over each 32 bytes; leaves their sum, and says where it stopped. */
  #stripes(length: number, seed: number): number {
    const lanes = this.#lanes;
    this.#set(PRIME_1.high, PRIME_1.low).#add(PRIME_2.high, PRIME_2.low).#add(0, seed).#store(0);
    this.#set(PRIME_2.high, PRIME_2.low).#add(0, seed).#store(1);
    this.#set(0, seed).#store(2);
    this.#set(PRIME_1.high, PRIME_1.low).#negate().#add(0, seed).#store(3);
    let at = 0;
    for (; at + 32 <= length; at += 32) {
      for (let lane = 0; lane < 4; lane++) {
        const from = at + 8 * lane;
        this.#load(lane)
          .#round(this.#word(from + 4), this.#word(from))
          .#store(lane);
      }
    }
    this.#set(0, 0);
    for (const [lane, bits] of [1, 7, 12, 18].entries()) {
      const { high, low } = this;
      this.#load(lane).#rotate(bits).#add(high, low);
    }
    for (let lane = 0; lane < 4; lane++) {
      const { high, low } = this;
      this.#set(0, 0)
        .#round(lanes[2 * lane]!, lanes[2 * lane + 1]!)
        .#xor(high, low);
      this.#multiply(PRIME_1).#add(PRIME_4.high, PRIME_4.low);
    }
    return at;
  }

  /** One of XXH64's rounds: takes an input word into the accumulator. */
  #round(high: number, low: number): this {
    const { high: formerHigh, low: formerLow } = this;
    this.#set(high, low).#multiply(PRIME_2).#add(formerHigh, formerLow);
    return this.#rotate(31).#multiply(PRIME_1);
  }

  #word(at: number): number {
    const bytes = this.#bytes;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  #load(lane: number): this {
    return this.#set(this.#lanes[2 * lane]!, this.#lanes[2 * lane + 1]!);
  }

  #store(lane: number): void {
    this.#lanes[2 * lane] = this.high;
    this.#lanes[2 * lane + 1] = this.low;
  }

  #set(high: number, low: number): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  #negate(): this {
    this.low = -this.low | 0;
    this.high = this.low === 0 ? -this.high | 0 : ~this.high;
    return this;
  }

  #add(high: number, low: number): this {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
    return this;
  }

  #xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  /** To the left, by 1 to 31 bits. */
  #rotate(bits: number): this {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
    return this;
  }

  /** XORs itself, shifted to the right, onto itself. */
  #fold(bits: number): this {
    const { high, low } = this;
    if (bits >= 32) return this.#xor(0, high >>> (bits - 32));
    return this.#xor(high >>> bits, (low >>> bits) | (high << (32 - bits)));
  }

  #multiply({ high, low }: Halves): this {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    const other = a0 * b1 + (middle & 0xffff);
    const carried = a1 * b1 + (middle >>> 16) + (other >>> 16);
    this.high = (carried + Math.imul(this.low, high) + Math.imul(this.high, low)) | 0;
    this.low = Math.imul(this.low, low);
    return this;
  }
}
