import { echoedSubnet } from './client-subnet.ts';
import { FLAGS, HEADER, RCODES, type RcodeName, RECORD_TYPES } from './codes.ts';
import type { Edns, Query } from './query.ts';
import type { SrvRing } from './srv-ring.ts';

/** What is told by EDNS of the largest message that is taken, and never exceeded by UDP: no fragments. */
export const EDNS_SIZE = 1232;
/** RFC 1035 4.2.1: the largest message by UDP to who does not say that it takes more. */
const PLAIN_SIZE = 512;
/** The largest message whose length can be said before it. */
const STREAM_SIZE = 0xffff;
/** The OPT record without options. */
const OPT_SIZE = 11;

/** How a query is answered. */
export interface Manner {
  readonly rcode: RcodeName;
  readonly authoritative: boolean;
  readonly recursion: boolean;
}

/** What is sent back, encoded. Records are sent in the order in which they are here. */
export interface Content extends Manner {
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
  const { answers, authority, additional } = content;
  const subnet = subnetOf(query);
  const opt = optSize(query, subnet);
  const start = query.nameEnd + 4;
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
  const counts = { answers: answered, authority: hasAuthority ? 1 : 0, additional: added };
  writeHead(result, query, content, counts, truncated);
  let at = start;
  for (let i = 0; i < answered; i++) at += answers[i]!.copy(result, at);
  if (hasAuthority) at += authority.copy(result, at);
  for (let i = 0; i < added; i++) at += additional[i]!.copy(result, at);
  if (query.edns !== undefined) writeOpt(result, at, RCODES[content.rcode], query.edns, subnet);
  return result;
}

/**
 * The same with SRV records that all fit, and their addresses.
 *
 * @param first the number of the record that comes first
 * @returns undefined where they don't fit
 */
export function ringResponse(
  query: Query,
  manner: Manner,
  ring: SrvRing,
  first: number,
  limit: number,
): Buffer | undefined {
  const subnet = subnetOf(query);
  const opt = optSize(query, subnet);
  const start = query.nameEnd + 4;
  if (!ring.fits(start, limit - opt)) return undefined;
  const result = Buffer.allocUnsafe(start + ring.size + opt);
  const { answers, additional } = ring;
  writeHead(result, query, manner, { answers, authority: 0, additional }, false);
  const at = ring.write(result, start, first);
  if (query.edns !== undefined) writeOpt(result, at, RCODES[manner.rcode], query.edns, subnet);
  return result;
}

function subnetOf({ edns }: Query): Buffer | undefined {
  return edns?.subnet && echoedSubnet(edns.subnet);
}

function optSize({ edns }: Query, subnet: Buffer | undefined): number {
  return edns === undefined ? 0 : OPT_SIZE + (subnet?.length ?? 0);
}

/** The header and the question. */
function writeHead(
  result: Buffer,
  { bytes, nameEnd, edns }: Query,
  { rcode, authoritative, recursion }: Manner,
  counts: { readonly answers: number; readonly authority: number; readonly additional: number },
  truncated: boolean,
): void {
  bytes.copy(result, 0, 0, nameEnd + 4);
  result[2] =
    FLAGS.RESPONSE |
    (authoritative ? FLAGS.AUTHORITATIVE : 0) |
    (truncated ? FLAGS.TRUNCATED : 0) |
    (bytes[2]! & FLAGS.RECURSION_DESIRED);
  result[3] =
    (recursion ? FLAGS.RECURSION_AVAILABLE : 0) |
    (bytes[3]! & FLAGS.CHECKING_DISABLED) |
    (RCODES[rcode] & 0x0f);
  result.writeUInt16BE(1, 4);
  result.writeUInt16BE(counts.answers, 6);
  result.writeUInt16BE(counts.authority, 8);
  result.writeUInt16BE(counts.additional + (edns === undefined ? 0 : 1), 10);
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
