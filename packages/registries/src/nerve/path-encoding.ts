import { type JsonObject, parseObject } from '../decode/json.ts';

/** What stands before the length: `base64_<length>_<text>_<number>`. */
const PREFIX = 'base64_';
const BASE64 = /^[A-Za-z0-9_-]*={0,2}$/;
/** nerve falls back to a plain name beyond this. */
const MAX_LENGTH = 65_536;

/** A name that tells what the data says, and ZooKeeper's number of it. */
export interface EncodedName {
  readonly json: JsonObject;
  readonly number: string;
}

/** What a path-encoded name says; undefined when it says nothing, and the data counts. */
export function parseEncodedName(name: string): EncodedName | undefined {
  const [head, digits] = /^base64_(\d{1,6})_/.exec(name) ?? [];
  if (head === undefined) return undefined;
  const end = head.length + Number(digits);
  const text = name.slice(head.length, end);
  const number = /^_(-?\d*)$/.exec(name.slice(end))?.[1];
  if (number === undefined || !BASE64.test(text)) return undefined;
  const json = parseObject(Buffer.from(text, 'base64url').toString());
  return json && { json, number };
}

/** The name for an instance's data, up to the number; undefined when there is too much of it. */
export function encodedName(data: Buffer): string | undefined {
  // Ruby's urlsafe_encode64 pads.
  const text = data.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return text.length > MAX_LENGTH ? undefined : `${PREFIX}${text.length}_${text}_`;
}
