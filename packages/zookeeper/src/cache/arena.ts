/** Bytes of a slab. The first ones are smaller: a cache of one znode takes little. */
const SLAB = 1 << 20;
const FIRST = 4096;
/** A larger piece has a slab of its own, so that slabs end with little room that nothing fits in. */
const LARGE = SLAB / 8;
/** In front of each piece: its number and its length. */
const HEADER = 8;
/** The part of what is in use that may lie idle, beside one slab. */
const IDLE = 1 / 4;

/** Pieces one after the other. Those that were replaced or deleted lie idle in between. */
interface Slab {
  readonly bytes: Buffer;
  used: number;
  live: number;
}

/**
 * Pieces of bytes, by small numbers, in few large buffers outside of V8's heap. There they cost what
 * they hold: a Buffer each would take more than a znode's data, and what survives in the heap makes
 * V8 grow its young generation, to 100 MB beside it. Room that lies idle is won back by moving what
 * is left of a slab. Pure.
 */
export class Arena {
  readonly #slabs: (Slab | undefined)[] = [];
  /** Which slab is being filled. */
  #filling = -1;
  /** Where each piece is, two numbers each: 1 more than its slab's index (0 for none), and the offset. */
  #places = new Uint32Array(2 * 16);
  #live = 0;
  #allocated = 0;

  /** Bytes of all slabs. */
  get allocated(): number {
    return this.#allocated;
  }

  has(id: number): boolean {
    return (this.#places[2 * id] ?? 0) > 0;
  }

  /** A view, to be used before the next change; undefined when there is no such piece. */
  get(id: number): Buffer | undefined {
    const slab = this.#slabs[this.#places[2 * id]! - 1];
    if (slab === undefined) return undefined;
    const at = this.#places[2 * id + 1]! + HEADER;
    return slab.bytes.subarray(at, at + slab.bytes.readUInt32LE(at - 4));
  }

  /** Whether a piece is this text, in UTF-8. */
  is(id: number, text: string): boolean {
    const slab = this.#slabs[this.#places[2 * id]! - 1];
    if (slab === undefined) return false;
    const at = this.#places[2 * id + 1]! + HEADER;
    const length = slab.bytes.readUInt32LE(at - 4);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return slab.bytes.toString('utf8', at, at + length) === text;
      if (i >= length || slab.bytes[at + i] !== code) return false;
    }
    return length === text.length;
  }

  /** Keeps a copy of `bytes` in place of what was there. */
  set(id: number, bytes: Uint8Array): void {
    this.delete(id);
    this.#append(id, bytes);
    this.#tidy();
  }

  delete(id: number): void {
    const index = this.#places[2 * id]! - 1;
    const slab = this.#slabs[index];
    if (slab === undefined) return;
    const size = HEADER + slab.bytes.readUInt32LE(this.#places[2 * id + 1]! + 4);
    this.#places[2 * id] = 0;
    this.#live -= size;
    slab.live -= size;
    if (slab.live > 0) return;
    if (index === this.#filling) slab.used = 0;
    else this.#drop(index, slab);
  }

  #append(id: number, bytes: Uint8Array): void {
    const size = HEADER + bytes.length;
    const index = size > LARGE ? this.#begin(size) : this.#roomFor(size);
    const slab = this.#slabs[index]!;
    slab.bytes.writeUInt32LE(id, slab.used);
    slab.bytes.writeUInt32LE(bytes.length, slab.used + 4);
    slab.bytes.set(bytes, slab.used + HEADER);
    if (2 * id >= this.#places.length) {
      const places = new Uint32Array(2 * Math.max(2 * id, this.#places.length));
      places.set(this.#places);
      this.#places = places;
    }
    this.#places[2 * id] = index + 1;
    this.#places[2 * id + 1] = slab.used;
    slab.used += size;
    slab.live += size;
    this.#live += size;
  }

  #roomFor(size: number): number {
    const slab = this.#slabs[this.#filling];
    if (slab === undefined || slab.used + size > slab.bytes.length)
      this.#filling = this.#begin(Math.max(size, FIRST, Math.min(SLAB, this.#allocated)));
    return this.#filling;
  }

  #begin(size: number): number {
    const free = this.#slabs.indexOf(undefined);
    const index = free < 0 ? this.#slabs.length : free;
    this.#slabs[index] = { bytes: Buffer.allocUnsafeSlow(size), used: 0, live: 0 };
    this.#allocated += size;
    return index;
  }

  #drop(index: number, slab: Slab): void {
    this.#slabs[index] = undefined;
    this.#allocated -= slab.bytes.length;
  }

  /** Empties the slab with the most idle room, if too much is idle in all. */
  #tidy(): void {
    const slack = this.#slabs[this.#filling]?.bytes.length ?? 0;
    if (this.#allocated - this.#live <= this.#live * IDLE + slack) return;
    const idle = (slab: Slab | undefined) => (slab ? slab.bytes.length - slab.live : 0);
    let most = -1;
    for (let i = 0; i < this.#slabs.length; i++)
      if (i !== this.#filling && idle(this.#slabs[i]) > idle(this.#slabs[most])) most = i;
    const slab = this.#slabs[most];
    if (slab === undefined) return;
    for (let at = 0; at < slab.used; ) {
      const id = slab.bytes.readUInt32LE(at);
      const end = at + HEADER + slab.bytes.readUInt32LE(at + 4);
      if (this.#places[2 * id] === most + 1 && this.#places[2 * id + 1] === at) {
        this.#live -= end - at;
        this.#append(id, slab.bytes.subarray(at + HEADER, end));
      }
      at = end;
    }
    this.#drop(most, slab);
  }
}
