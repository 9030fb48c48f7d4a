import { type ClientSubnet, clientSubnetOf } from './client-subnet.ts';
import { CLASS_IN, FLAGS, HEADER, RECORD_TYPES } from './codes.ts';

/** The OPT record of a query: RFC 6891. */
export interface Edns {
  /** The largest message that whoever asks takes by UDP. */
  readonly size: number;
  readonly version: number;
  /** It wants DNSSEC; there is none, and the bit is sent back. */
  readonly dnssecOk: boolean;
  /** On whose behalf it asks, as far as it says so: RFC 7871. */
  readonly subnet: ClientSubnet | undefined;
}

/** A question that can be answered, in the bytes that it came in. */
export interface Query {
  readonly type: 'query';
  readonly bytes: Buffer;
  /** Behind the name, whose first byte is that behind the header. */
  readonly nameEnd: number;
  /** Some of the name is in upper case: it is compared without, and sent back with. */
  readonly hasUpperCase: boolean;
  readonly recordType: number;
  readonly recordClass: number;
  readonly edns: Edns | undefined;
}

/** What a message is that was received. */
export type Received =
  | Query
  /** Too short to be answered, or an answer itself: who answered answers would never stop. */
  | { readonly type: 'ignored' }
  /** Not a question that anybody could read. */
  | { readonly type: 'malformed' }
  /** Something else than a question. */
  | { readonly type: 'other-operation' };

const IGNORED: Received = { type: 'ignored' };
const MALFORMED: Received = { type: 'malformed' };
const OTHER_OPERATION: Received = { type: 'other-operation' };

/** RFC 1035 2.3.4, with the last byte, which is 0. */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
/** More records than a question has any use for. */
const MOST_RECORDS = 16;

/** Reads a message. Never throws, whatever the bytes are. */
export function readQuery(bytes: Buffer): Received {
  if (bytes.length < HEADER || (bytes[2]! & FLAGS.RESPONSE) !== 0) return IGNORED;
  if ((bytes[2]! & FLAGS.OPCODE) !== 0) return OTHER_OPERATION;
  if (bytes.readUInt16BE(4) !== 1) return MALFORMED;
  let at = HEADER;
  let hasUpperCase = false;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > LONGEST_LABEL) return MALFORMED;
    at++;
    if (length === 0) break;
    const end = at + length;
    if (end > bytes.length || end - HEADER >= LONGEST_NAME) return MALFORMED;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte >= 0x41 && byte <= 0x5a) hasUpperCase = true;
    }
  }
  if (at + 4 > bytes.length) return MALFORMED;
  const recordType = bytes.readUInt16BE(at);
  if (recordType === RECORD_TYPES.OPT) return MALFORMED;
  const edns = readEdns(bytes, at + 4);
  if (edns === 'malformed') return MALFORMED;
  const recordClass = bytes.readUInt16BE(at + 2);
  return { type: 'query', bytes, nameEnd: at, hasUpperCase, recordType, recordClass, edns };
}

/** True of questions in the class that is answered. */
export function isInternet({ recordClass }: Query): boolean {
  return recordClass === CLASS_IN;
}

/** The name in lower case and without its last dot; characters that no host name has are escaped. */
export function nameOf({ bytes, nameEnd }: Query): string {
  const labels: string[] = [];
  for (let at = HEADER; at < nameEnd - 1; at += bytes[at]! + 1)
    labels.push(bytes.toString('latin1', at + 1, at + 1 + bytes[at]!));
  return labels
    .map((label) =>
      label.toLowerCase().replace(/[^a-z0-9_-]/g, (character) => {
        return `\\${String(character.charCodeAt(0)).padStart(3, '0')}`;
      }),
    )
    .join('.');
}

/** The OPT record behind the question, where there is one; other records are stepped over. */
function readEdns(bytes: Buffer, start: number): Edns | undefined | 'malformed' {
  const answers = bytes.readUInt16BE(6) + bytes.readUInt16BE(8);
  const additional = bytes.readUInt16BE(10);
  if (answers + additional > MOST_RECORDS) return 'malformed';
  let edns: Edns | undefined;
  let at = start;
  for (let i = 0; i < answers + additional; i++) {
    const owner = at;
    at = skipName(bytes, at);
    if (at === -1 || at + 10 > bytes.length) return 'malformed';
    const end = at + 10 + bytes.readUInt16BE(at + 8);
    if (end > bytes.length) return 'malformed';
    if (bytes.readUInt16BE(at) === RECORD_TYPES.OPT) {
      if (i < answers || edns !== undefined || at !== owner + 1) return 'malformed';
      const subnet = clientSubnetOf(bytes, at + 10, end);
      if (subnet === 'malformed') return 'malformed';
      edns = {
        size: bytes.readUInt16BE(at + 2),
        version: bytes[at + 5]!,
        dnssecOk: (bytes[at + 6]! & 0x80) !== 0,
        subnet,
      };
    }
    at = end;
  }
  return at === bytes.length ? edns : 'malformed';
}

/** Behind the name at `at`, which may end in a pointer; -1 where it does not end. */
function skipName(bytes: Buffer, at: number): number {
  for (let next = at; next < bytes.length && next - at < LONGEST_NAME; ) {
    const length = bytes[next]!;
    if (length === 0) return next + 1;
    if (length >= 0xc0) return next + 2;
    if (length > LONGEST_LABEL) return -1;
    next += length + 1;
  }
  return -1;
}
