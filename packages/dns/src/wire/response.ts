import { echoedSubnet } from './client-subnet.ts';
import { FLAGS, HEADER, RCODES, type RcodeName, RECORD_TYPES } from './codes.ts';
import type { Edns, Query } from './query.ts';

/** What is told by EDNS of the largest message that is taken, and never exceeded by UDP: no fragments. */
export const EDNS_SIZE = 1232;
/** RFC 1035 4.2.1: the largest message by UDP to who does not say that it takes more. */
const PLAIN_SIZE = 512;
/** The largest message whose length can be said before it. */
const STREAM_SIZE = 0xffff;
/** The OPT record without options. */
const OPT_SIZE = 11;

/** What is sent back, encoded. Records are sent in the order in which they are here. */
export interface Content {
  readonly rcode: RcodeName;
  readonly authoritative: boolean;
  readonly recursion: boolean;
  readonly answers: readonly Buffer[];
  readonly authority?: Buffer;
  readonly additional: readonly Buffer[];
}

/** The way that messages take. */
export type Transport = 'udp' | 'tcp';

/** The largest answer to a query. */
export function limitOf({ edns }: Query, transport: Transport): number {
  if (transport === 'tcp') return STREAM_SIZE;
  return edns === undefined ? PLAIN_SIZE : Math.min(EDNS_SIZE, Math.max(PLAIN_SIZE, edns.size));
}

/**
 * The answer to a query, with its own question: the case of letters is what some know it by. Answers
 * that don't fit into `limit` bytes are left out, and that is said; of the others as many as fit.
 */
export function response(query: Query, content: Content, limit: number): Buffer {
  const { bytes, nameEnd, edns } = query;
  const { answers, authority, additional, rcode } = content;
  const subnet = edns?.subnet && echoedSubnet(edns.subnet);
  const opt = edns === undefined ? 0 : OPT_SIZE + (subnet?.length ?? 0);
  const start = nameEnd + 4;
  const room = limit - opt;
  let size = start;
  let answered = 0;
  while (answered < answers.length && size + answers[answered]!.length <= room)
    size += answers[answered++]!.length;
  const truncated = answered < answers.length;
  const hasAuthority = authority !== undefined && size + authority.length <= room;
  if (hasAuthority) size += authority.length;
  let added = 0;
  if (!truncated)
    while (added < additional.length && size + additional[added]!.length <= room)
      size += additional[added++]!.length;

  const result = Buffer.allocUnsafe(size + opt);
  bytes.copy(result, 0, 0, start);
  result[2] =
    FLAGS.RESPONSE |
    (content.authoritative ? FLAGS.AUTHORITATIVE : 0) |
    (truncated ? FLAGS.TRUNCATED : 0) |
    (bytes[2]! & FLAGS.RECURSION_DESIRED);
  result[3] =
    (content.recursion ? FLAGS.RECURSION_AVAILABLE : 0) |
    (bytes[3]! & FLAGS.CHECKING_DISABLED) |
    (RCODES[rcode] & 0x0f);
  result.writeUInt16BE(1, 4);
  result.writeUInt16BE(answered, 6);
  result.writeUInt16BE(hasAuthority ? 1 : 0, 8);
  result.writeUInt16BE(added + (edns === undefined ? 0 : 1), 10);
  let at = start;
  for (let i = 0; i < answered; i++) at += answers[i]!.copy(result, at);
  if (hasAuthority) at += authority.copy(result, at);
  for (let i = 0; i < added; i++) at += additional[i]!.copy(result, at);
  if (edns !== undefined) writeOpt(result, at, RCODES[rcode], edns, subnet);
  return result;
}

/** The answer to what is no question that could be repeated. */
export function headerOnly(bytes: Buffer, rcode: RcodeName): Buffer {
  const result = Buffer.alloc(HEADER);
  bytes.copy(result, 0, 0, 3);
  result[2] = FLAGS.RESPONSE | (bytes[2]! & (FLAGS.OPCODE | FLAGS.RECURSION_DESIRED));
  result[3] = RCODES[rcode];
  return result;
}

function writeOpt(
  result: Buffer,
  at: number,
  rcode: number,
  { dnssecOk }: Edns,
  subnet: Buffer | undefined,
): void {
  result[at] = 0;
  result.writeUInt16BE(RECORD_TYPES.OPT, at + 1);
  result.writeUInt16BE(EDNS_SIZE, at + 3);
  result[at + 5] = rcode >>> 4;
  result[at + 6] = 0;
  result.writeUInt16BE(dnssecOk ? 0x8000 : 0, at + 7);
  result.writeUInt16BE(subnet?.length ?? 0, at + 9);
  subnet?.copy(result, at + OPT_SIZE);
}

/** What is left of another server's answer that is longer than whoever asked takes: only that it is. */
export function truncated(reply: Buffer, { nameEnd }: Query): Buffer {
  const end = nameEnd + 4;
  const result = Buffer.alloc(end);
  reply.copy(result, 0, 0, end);
  result[2] = reply[2]! | FLAGS.TRUNCATED;
  result.fill(0, 6, HEADER);
  return result;
}
