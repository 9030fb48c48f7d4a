import { crc32 } from 'node:zlib';
import { Reader, Writer } from '@meshkeeper/jute';
import type { Txn } from '../tree/txn.ts';
import { readTxn, writeTxn } from './txn-record.ts';

/**
 * A log file: `MKZKLOG1`, then records. A record: marker, i32 length of what follows, crc32 of what
 * follows it, then {l batch, z last, z mark} and, unless it is a mark, a transaction. The batch is
 * the first zxid of the records that were written and synced together; `last` ends it. A mark says
 * that everything before it was synced, and nothing else.
 */
export const LOG_MAGIC = Buffer.from('MKZKLOG1', 'latin1');

const MARKER = Buffer.from([0xa9, 0x54, 0x58, 0x4e]);
const HEADER = 12;

/** One good record of a log. */
export interface LogRecord {
  /** First zxid of its batch. */
  readonly batch: bigint;
  readonly last: boolean;
  /** Undefined for a mark. */
  readonly txn: Txn | undefined;
  /** Where the next one starts. */
  readonly end: number;
}

/** Encodes what is synced together as one piece. */
export function encodeBatch(txns: readonly Txn[]): Buffer {
  const writer = new Writer(256 * txns.length);
  const batch = txns[0]?.zxid ?? 0n;
  const starts: number[] = [];
  for (const [i, txn] of txns.entries()) {
    starts.push(beginRecord(writer, batch, i === txns.length - 1, false));
    writeTxn(writer, txn);
    writer.end(starts[i]!);
  }
  return sealed(writer.take(), starts);
}

/** Encodes a mark; `next` is the zxid that comes after it. */
export function encodeMark(next: bigint): Buffer {
  const writer = new Writer();
  const start = beginRecord(writer, next, true, true);
  writer.end(start);
  return sealed(writer.take(), [start]);
}

function beginRecord(writer: Writer, batch: bigint, last: boolean, mark: boolean): number {
  writer.raw(MARKER);
  const start = writer.begin();
  writer.int(0);
  writer.long(batch);
  writer.bool(last);
  writer.bool(mark);
  return start;
}

/** Fills the checksums in. `starts` are the offsets of the records' lengths. */
function sealed(bytes: Buffer, starts: readonly number[]): Buffer {
  for (const start of starts) {
    const end = start + 4 + bytes.readInt32BE(start);
    bytes.writeUInt32BE(crc32(bytes.subarray(start + 8, end)), start + 4);
  }
  return bytes;
}

/** The record at an offset; undefined if what is there is not a whole, good one. */
export function recordAt(bytes: Buffer, offset: number): LogRecord | undefined {
  if (offset + HEADER > bytes.length) return undefined;
  if (MARKER.compare(bytes, offset, offset + MARKER.length) !== 0) return undefined;
  const end = offset + 8 + bytes.readInt32BE(offset + 4);
  if (end < offset + HEADER || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(offset + HEADER, end)) !== bytes.readUInt32BE(offset + 8))
    return undefined;
  const reader = new Reader(bytes, offset + HEADER, end);
  const [batch, last, mark] = [reader.long(), reader.bool(), reader.bool()];
  return { batch, last, txn: mark ? undefined : readTxn(reader), end };
}

/** The highest batch of any good record after an offset; undefined if there is none. */
export function laterBatch(bytes: Buffer, offset: number): bigint | undefined {
  let highest: bigint | undefined;
  for (let at = bytes.indexOf(MARKER, offset); at !== -1; at = bytes.indexOf(MARKER, at + 1)) {
    const record = recordAt(bytes, at);
    if (record && (highest === undefined || record.batch > highest)) highest = record.batch;
  }
  return highest;
}
