/** Bytes that `value`, an unsigned 32-bit integer, takes as a varint. */
export function varintSize(value: number): number {
  return value < 0x80
    ? 1
    : value < 0x4000
      ? 2
      : value < 0x20_0000
        ? 3
        : value < 0x1000_0000
          ? 4
          : 5;
}

/** Writes `value` as a varint into `target` at `at`; where it ends. */
export function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = value;
  let end = at;
  for (; rest > 0x7f; rest >>>= 7) target[end++] = (rest & 0x7f) | 0x80;
  target[end++] = rest;
  return end;
}

/** Bytes that a length-delimited field of `length` bytes takes, for ids up to 15. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Writes the head of a length-delimited field, for ids up to 15; where its content begins. */
export function writeFieldHead(target: Buffer, at: number, id: number, length: number): number {
  target[at] = (id << 3) | 2;
  return writeVarint(target, at + 1, length);
}

/** Bytes that a field with that text takes, for ids up to 15. */
export function textSize(text: string): number {
  return fieldSize(Buffer.byteLength(text));
}

/** Writes a field with that text, for ids up to 15; where it ends. */
export function writeText(target: Buffer, at: number, id: number, text: string): number {
  const start = writeFieldHead(target, at, id, Buffer.byteLength(text));
  return start + target.write(text, start);
}
