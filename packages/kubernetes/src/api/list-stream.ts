const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Reads the JSON of a list as it comes, one item after another: a page as a whole is megabytes of text
 * and of objects, which are garbage that lives long.
 *
 * @param each told every item, in order
 * @returns the list without its items
 * @throws SyntaxError
 */
export async function readList(
  body: AsyncIterable<Uint8Array>,
  each: (item: unknown) => void,
): Promise<unknown> {
  const splitter = new ListSplitter(each);
  for await (const chunk of body)
    splitter.take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return JSON.parse(splitter.rest);
}

/** Finds where items begin and end. What is no JSON is found when its parts are parsed. */
class ListSplitter {
  readonly #each: (item: unknown) => void;
  /** What is not of an item, as text. */
  #rest = '';
  /** What is there of an item that began in an earlier chunk. */
  #begun: Buffer[] = [];
  #depth = 0;
  #inText = false;
  #escaped = false;
  /** Within the list of items, between or in them. */
  #inItems = false;

  constructor(each: (item: unknown) => void) {
    this.#each = each;
  }

  get rest(): string {
    return this.#rest;
  }

  take(chunk: Buffer): void {
    let from = 0;
    for (let at = this.#inText ? this.#textEnd(chunk, 0) : 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === QUOTE) {
        this.#inText = true;
        at = this.#textEnd(chunk, at + 1) - 1;
      } else if (byte === OPEN || byte === OPEN_LIST) {
        this.#depth += 1;
        if (this.#inItems) {
          if (this.#depth === 3) from = at;
        } else if (byte === OPEN_LIST && this.#depth === 2) {
          this.#keep(chunk, from, at + 1);
          from = at + 1;
          this.#inItems = /"items"\s*:\s*\[$/.test(this.#rest);
        }
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        this.#depth -= 1;
        if (!this.#inItems) continue;
        if (this.#depth === 2) {
          this.#item(chunk.subarray(from, at + 1));
          from = at + 1;
        } else if (this.#depth === 1) {
          // Of what is between items, commas, nothing is kept.
          this.#inItems = false;
          from = at;
        }
      }
    }
    if (!this.#inItems) this.#keep(chunk, from, chunk.length);
    else if (this.#depth > 2) this.#begun.push(chunk.subarray(from));
  }

  /** Where the text that is open ends, after its quote; the chunk's end, when it goes on after that. */
  #textEnd(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false;
      else if (chunk[at] === BACKSLASH) this.#escaped = true;
      else if (chunk[at] === QUOTE) {
        this.#inText = false;
        return at + 1;
      }
    }
    return chunk.length;
  }

  /** Byte by byte: a character may be cut between two chunks. What the API says there of a list is ASCII. */
  #keep(chunk: Buffer, from: number, to: number): void {
    this.#rest += chunk.toString('latin1', from, to);
  }

  #item(end: Buffer): void {
    const bytes = this.#begun.length === 0 ? end : Buffer.concat([...this.#begun, end]);
    this.#begun = [];
    this.#each(JSON.parse(bytes.toString()));
  }
}
