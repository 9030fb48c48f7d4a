/** Types of records that are answered, or refused, by name: RFC 1035 and those that came later. */
export const RECORD_TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  DNSKEY: 48,
  SVCB: 64,
  HTTPS: 65,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

/** One of {@link RECORD_TYPES}, by name. */
export type RecordTypeName = keyof typeof RECORD_TYPES;

const NAMES = new Map<number, RecordTypeName>(
  // The names are those of the table.
  Object.entries(RECORD_TYPES).map(([name, code]) => [code, name as RecordTypeName]),
);

/** The name of a type; `other` of those that nothing here has. */
export function recordTypeName(code: number): RecordTypeName | 'other' {
  return NAMES.get(code) ?? 'other';
}

/** The only class that there is still. */
export const CLASS_IN = 1;

/** What becomes of a question: RFC 1035 4.1.1, RFC 6891 9. */
export const RCODES = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** Its upper bits are in the OPT record. */
  BADVERS: 16,
} as const;

/** One of {@link RCODES}, by name. */
export type RcodeName = keyof typeof RCODES;

/** Bits of a message's third and fourth byte. */
export const FLAGS = {
  RESPONSE: 0x80,
  OPCODE: 0x78,
  AUTHORITATIVE: 0x04,
  TRUNCATED: 0x02,
  RECURSION_DESIRED: 0x01,
  RECURSION_AVAILABLE: 0x80,
  CHECKING_DISABLED: 0x10,
} as const;

/** Bytes of a message's header. */
export const HEADER = 12;
