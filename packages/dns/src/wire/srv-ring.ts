import { encodedRecord, type ResourceRecord } from './resource-record.ts';

/** A pointer is that many bytes, with these two bits set: RFC 1035 4.1.4. */
const POINTER_SIZE = 2;
const POINTER = 0xc000;
/** The first place that a pointer can't reach. */
const OUT_OF_REACH = 0x4000;
/** Where the target is in an SRV record whose name is a pointer: RFC 2782. */
const TARGET = POINTER_SIZE + 10 + 6;

/**
 * SRV records of one name with the addresses of their targets, in one piece: any of them can be the first
 * at the price of two copies, and the addresses point to where their names are in the records.
 */
export class SrvRing {
  /** Number of SRV records. */
  readonly answers: number;
  /** Number of addresses. */
  readonly additional: number;
  /** Bytes of all. */
  readonly size: number;
  readonly #records: Ring;
  readonly #addresses: Ring;

  private constructor(records: Ring, addresses: Ring, additional: number) {
    this.#records = records;
    this.#addresses = addresses;
    this.answers = records.starts.length;
    this.additional = additional;
    this.size = records.bytes.length + addresses.bytes.length;
  }

  /** @returns undefined of what is not only SRV records of `name` and addresses of their targets */
  static of(
    answers: readonly ResourceRecord[],
    additional: readonly ResourceRecord[],
    name: string,
  ): SrvRing | undefined {
    const byTarget = new Map(additional.map((record) => [record.name, record]));
    if (byTarget.size < additional.length) return undefined;
    const addresses: Buffer[] = [];
    for (const record of answers) {
      if (record.type !== 'SRV' || record.name !== name) return undefined;
      const { target } = record.data;
      const address = byTarget.get(target);
      byTarget.delete(target);
      addresses.push(address === undefined ? Buffer.alloc(0) : pointing(address));
    }
    if (answers.length === 0 || byTarget.size > 0) return undefined;
    const records = ringOf(answers.map((record) => encodedRecord(record, name)));
    return new SrvRing(records, ringOf(addresses), additional.length);
  }

  /** Whether there is room for all between two places of a message. */
  fits(from: number, to: number): boolean {
    const end = from + this.size;
    return end <= to && end < OUT_OF_REACH;
  }

  /**
   * Writes all at a place.
   *
   * @param first the number of the record that comes first
   * @returns behind them
   */
  write(message: Buffer, at: number, first: number): number {
    const addressesAt = rotate(this.#records, first, message, at);
    const end = rotate(this.#addresses, first, message, addressesAt);
    for (let i = 0; i < this.answers; i++) {
      const own = this.#addresses.starts[i]!;
      const next = this.#addresses.starts[i + 1] ?? this.#addresses.bytes.length;
      if (own === next) continue;
      const target = at + rotated(this.#records, first, i) + TARGET;
      const place = addressesAt + rotated(this.#addresses, first, i);
      message[place] = (POINTER | target) >>> 8;
      message[place + 1] = target & 0xff;
    }
    return end;
  }
}

/** Pieces one behind the other. */
interface Ring {
  readonly bytes: Buffer;
  readonly starts: readonly number[];
}

function ringOf(pieces: readonly Buffer[]): Ring {
  let end = 0;
  const starts = pieces.map(({ length }) => {
    end += length;
    return end - length;
  });
  return { bytes: Buffer.concat(pieces), starts };
}

/** Copies all, beginning with one; gives the place behind. */
function rotate({ bytes, starts }: Ring, first: number, message: Buffer, at: number): number {
  const cut = starts[first]!;
  bytes.copy(message, at, cut);
  if (cut > 0) bytes.copy(message, at + bytes.length - cut, 0, cut);
  return at + bytes.length;
}

/** Where a piece is when another comes first. */
function rotated({ bytes, starts }: Ring, first: number, piece: number): number {
  const place = starts[piece]! - starts[first]!;
  return piece < first ? place + bytes.length : place;
}

/** A record whose name is a pointer, to what is still to be written. */
function pointing(record: ResourceRecord): Buffer {
  return encodedRecord(record, record.name);
}
