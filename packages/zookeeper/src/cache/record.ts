import { operations, Reader, type Stat, statType } from '@meshkeeper/jute';

/** What is kept of a znode: the answer to its getData, as it stands on the wire, the Stat last. */
export type Record = Buffer;

const { response } = operations.getData;

/** Where some of a Stat's fields end, from the end of a record. */
const CZXID = 60;
const MZXID = 52;
const NUM_CHILDREN = 8;

export function statOf(record: Record): Stat {
  return statType.read(new Reader(record, record.length - statType.least));
}

/** Its parts; the data is a copy, which is the caller's. */
export function unpack(record: Record): { readonly data: Buffer; readonly stat: Stat } {
  const { data, stat } = response.read(new Reader(record));
  return { data: data === null ? Buffer.alloc(0) : Buffer.from(data), stat };
}

// The following are asked of every znode that is read: without an object for its Stat.

export function hasChildren(record: Record): boolean {
  return record.readInt32BE(record.length - NUM_CHILDREN - 4) > 0;
}

/** Whether both are of one life of the znode, from its creation to its removal. */
export function isSameLife(one: Record, other: Record): boolean {
  return sameLong(one, other, CZXID);
}

/** Whether both have the same data of the same life. */
export function isSameData(one: Record, other: Record): boolean {
  return sameLong(one, other, CZXID) && sameLong(one, other, MZXID);
}

function sameLong(one: Record, other: Record, end: number): boolean {
  const a = one.length - end;
  const b = other.length - end;
  return one.compare(other, b - 8, b, a - 8, a) === 0;
}
