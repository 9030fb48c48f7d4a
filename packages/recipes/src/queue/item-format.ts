import { RecipeError } from '../recipe-error.ts';

const VERSION = 0x00010001;
const ITEM = 0x01;
const END = 0x02;

/**
 * The bytes of a queue's znode, as Curator's ItemSerializer:
 *
 *     version  i32  0x00010001
 *     item*    u8   0x01, i32 length, bytes
 *     end      u8   0x02
 */
export function encodeItems(items: readonly Uint8Array[]): Buffer {
  const size = items.reduce((sum, { length }) => sum + 5 + length, 5);
  const out = Buffer.alloc(size);
  let at = out.writeInt32BE(VERSION);
  for (const item of items) {
    at = out.writeUInt8(ITEM, at);
    at = out.writeInt32BE(item.length, at);
    out.set(item, at);
    at += item.length;
  }
  out.writeUInt8(END, at);
  return out;
}

/** @throws RecipeError MALFORMED that says what is wrong with the bytes */
export function decodeItems(bytes: Buffer, path: string): Buffer[] {
  const fault = (told: string) => new RecipeError('MALFORMED', `${path} is no queue item: ${told}`);
  if (bytes.length < 4) throw fault('it is too short');
  const version = bytes.readInt32BE();
  if (version !== VERSION) throw fault(`its version is 0x${version.toString(16)}`);
  const items: Buffer[] = [];
  for (let at = 4; ; ) {
    const opcode = bytes[at++];
    if (opcode === END) return items;
    if (opcode !== ITEM) throw fault(`byte ${at - 1} is ${opcode ?? 'missing'}`);
    if (at + 4 > bytes.length) throw fault('a length is cut short');
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length) throw fault(`an item is ${length} bytes long`);
    items.push(bytes.subarray(at, at + length));
    at += length;
  }
}
