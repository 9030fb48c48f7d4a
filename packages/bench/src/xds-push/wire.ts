/** As much of protobuf as a client needs that looks at no resource: it is not what is measured. */

const UTF8 = new TextEncoder();

/** A length-delimited field, for ids up to 15. */
export function field(id: number, content: string | Uint8Array): Buffer {
  const bytes = typeof content === 'string' ? UTF8.encode(content) : content;
  const head = [(id << 3) | 2];
  let length = bytes.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  head.push(length);
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Calls `visit` with each length-delimited field between `from` and `to`, and where its content is. */
export function visitFields(
  bytes: Buffer,
  from: number,
  to: number,
  visit: (id: number, start: number, end: number) => void,
): void {
  let at = from;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < to) {
    const tag = varint();
    if ((tag & 7) === 2) {
      const length = varint();
      visit(tag >>> 3, at, at + length);
      at += length;
    } else if ((tag & 7) === 0) varint();
    else throw new RangeError('There is no such field in these messages');
  }
}

/** A gRPC message, uncompressed. */
export function grpcMessage(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Takes gRPC messages out of a stream of bytes. */
export class Deframer {
  #rest: Buffer = Buffer.alloc(0);

  /** The messages that are complete with this chunk. */
  push(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : undefined;
    if (bytes === undefined) {
      // A message of many chunks is put together once.
      this.#parts.push(chunk);
      this.#held += chunk.length;
      if (this.#held < this.#wanted) return [];
      bytes = Buffer.concat(this.#parts);
    }
    const messages: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= 5) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      messages.push(bytes.subarray(at + 5, end));
      at = end;
    }
    this.#keep(bytes.subarray(at));
    return messages;
  }

  #parts: Buffer[] = [];
  #held = 0;
  #wanted = 0;

  #keep(rest: Buffer): void {
    this.#rest = rest;
    this.#parts = [rest];
    this.#held = rest.length;
    this.#wanted = rest.length < 5 ? 5 : 5 + rest.readUInt32BE(1);
  }
}
