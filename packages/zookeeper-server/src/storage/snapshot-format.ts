import { crc32 } from 'node:zlib';
import { aclType, Reader, Writer } from '@meshkeeper/jute';
import type { ImageHeader } from '../engine/state.ts';
import type { ZNodeFields } from '../tree/znode.ts';
import { list, text } from './txn-record.ts';

/**
 * A snapshot file: `MKZKSNP1`, then blocks of {i32 length, crc32, content}. The first holds the
 * header, the following ones znodes, the last one is empty: a file without it is not whole.
 */
export const SNAPSHOT_MAGIC = Buffer.from('MKZKSNP1', 'latin1');

const BLOCK_HEADER = 8;
const END = Buffer.alloc(BLOCK_HEADER);

/** The first block. */
export function encodeHeader({ zxid, lastSessionId, sessions }: ImageHeader): Buffer {
  const writer = new Writer();
  writer.long(zxid);
  writer.long(lastSessionId);
  writer.int(sessions.length);
  for (const { id, timeout, password } of sessions) {
    writer.long(id);
    writer.int(timeout);
    writer.buffer(password);
  }
  return Buffer.concat([SNAPSHOT_MAGIC, block(writer.take())]);
}

/** Puts one znode into a block's content. */
export function writeNode(writer: Writer, path: string, node: ZNodeFields): void {
  writer.string(path);
  writer.buffer(node.data);
  aclType.write(writer, node.acl);
  writer.long(node.czxid);
  writer.long(node.mzxid);
  writer.long(node.pzxid);
  writer.time(node.ctime);
  writer.time(node.mtime);
  writer.int(node.version);
  writer.int(node.cversion);
  writer.int(node.aversion);
  writer.long(node.owner);
}

/** A block around its content. */
export function block(content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER);
  header.writeInt32BE(content.length, 0);
  header.writeUInt32BE(crc32(content), 4);
  return Buffer.concat([header, content]);
}

/** The block that ends a snapshot. */
export function endBlock(): Buffer {
  return END;
}

/** A snapshot, verified as a whole before anything of it is used. */
export interface Snapshot {
  readonly header: ImageHeader;
  readonly nodes: Iterable<readonly [string, ZNodeFields]>;
}

/** Undefined if the bytes are not a whole, good snapshot. */
export function decodeSnapshot(bytes: Buffer): Snapshot | undefined {
  if (!bytes.subarray(0, SNAPSHOT_MAGIC.length).equals(SNAPSHOT_MAGIC)) return undefined;
  const blocks: Buffer[] = [];
  for (let at = SNAPSHOT_MAGIC.length; ; ) {
    if (at + BLOCK_HEADER > bytes.length) return undefined;
    const length = bytes.readInt32BE(at);
    const content = bytes.subarray(at + BLOCK_HEADER, at + BLOCK_HEADER + Math.max(0, length));
    if (content.length !== length || crc32(content) !== bytes.readUInt32BE(at + 4))
      return undefined;
    if (length === 0) break;
    blocks.push(content);
    at += BLOCK_HEADER + length;
  }
  const [header, ...rest] = blocks;
  return header && { header: readHeader(new Reader(header)), nodes: nodesOf(rest) };
}

function readHeader(reader: Reader): ImageHeader {
  const zxid = reader.long();
  const lastSessionId = reader.long();
  const sessions = list(reader, 16, () => ({
    id: reader.long(),
    timeout: reader.int(),
    password: Buffer.from(reader.buffer() ?? []),
  }));
  return { zxid, lastSessionId, sessions };
}

function* nodesOf(blocks: readonly Buffer[]): Generator<readonly [string, ZNodeFields]> {
  for (const content of blocks) {
    const reader = new Reader(content);
    while (reader.remaining > 0) yield [text(reader), readNode(reader)];
  }
}

function readNode(reader: Reader): ZNodeFields {
  const data = reader.buffer();
  return {
    data: data && Buffer.from(data),
    acl: aclType.read(reader),
    czxid: reader.long(),
    mzxid: reader.long(),
    pzxid: reader.long(),
    ctime: reader.time(),
    mtime: reader.time(),
    version: reader.int(),
    cversion: reader.int(),
    aversion: reader.int(),
    owner: reader.long(),
  };
}
