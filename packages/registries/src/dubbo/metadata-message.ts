import type { MetadataInfo, ServiceInfo } from './metadata-info.ts';

/*
 * What is said to `org.apache.dubbo.metadata.MetadataServiceV2`:
 *
 *   message MetadataRequest { string revision = 1; }
 *   message MetadataInfoV2 { string app = 1; string version = 2; map<string, ServiceInfoV2> services = 3; }
 *   message ServiceInfoV2 { string name = 1; string group = 2; string version = 3; string protocol = 4;
 *                           int32 port = 5; string path = 6; map<string, string> params = 7; }
 *
 * Three messages are no reason for a library of protobuf's.
 */

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** A `MetadataRequest`. */
export function encodeRequest(revision: string): Buffer {
  const text = Buffer.from(revision);
  return Buffer.concat([Buffer.from([(1 << 3) | BYTES]), varint(text.length), text]);
}

/** A `MetadataInfoV2`. @throws Error when it is none */
export function decodeResponse(message: Buffer): MetadataInfo {
  const fields = fieldsOf(message);
  const services: ServiceInfo[] = [];
  for (const entry of fields.bytes(3)) {
    const [value] = fieldsOf(entry).bytes(2).slice(-1);
    if (value !== undefined) services.push(serviceOf(fieldsOf(value)));
  }
  return { application: fields.text(1), revision: fields.text(2), services };
}

function serviceOf(fields: Fields): ServiceInfo {
  const name = fields.text(1);
  const port = fields.number(5);
  const parameters = fields.bytes(7).map((entry) => {
    const pair = fieldsOf(entry);
    return [pair.text(1), pair.text(2)] as const;
  });
  return {
    ...{ name, group: fields.text(2), version: fields.text(3), protocol: fields.text(4) },
    port: port > 0 && port < 65_536 ? port : undefined,
    path: fields.text(6) || name,
    parameters: new Map(parameters),
  };
}

/** The fields of a message by their numbers; of a field that comes twice the last counts. */
class Fields {
  readonly #bytes = new Map<number, Buffer[]>();
  readonly #numbers = new Map<number, number>();

  add(field: number, value: Buffer | number): void {
    if (typeof value === 'number') this.#numbers.set(field, value);
    else this.#bytes.set(field, [...(this.#bytes.get(field) ?? []), value]);
  }

  bytes(field: number): readonly Buffer[] {
    return this.#bytes.get(field) ?? [];
  }

  text(field: number): string {
    return this.bytes(field).at(-1)?.toString() ?? '';
  }

  number(field: number): number {
    return this.#numbers.get(field) ?? 0;
  }
}

function fieldsOf(message: Buffer): Fields {
  const fields = new Fields();
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) break;
      // Beyond 32 bits only the length counts: nothing here is that large.
      if (shift < 35) value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('its answer is no metadata: a number has no end');
  };
  const take = (length: number): Buffer => {
    if (at + length > message.length)
      throw new Error('its answer is no metadata: it ends in the middle');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = readVarint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case VARINT:
        fields.add(field, readVarint());
        break;
      case BYTES:
        fields.add(field, take(readVarint()));
        break;
      case FIXED_64:
        take(8);
        break;
      case FIXED_32:
        take(4);
        break;
      default:
        throw new Error('its answer is no metadata: a field of no known type');
    }
  }
  return fields;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
