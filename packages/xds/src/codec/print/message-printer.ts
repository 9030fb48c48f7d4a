import { readFile } from 'node:fs/promises';
import protobuf from 'protobufjs/light.js';
import { Any } from '../messages.ts';
import type { Json } from './json.ts';
import { type Fields, WELL_KNOWN, WRAPPERS } from './well-known.ts';

const DESCRIPTOR = new URL('../generated/descriptor.json', import.meta.url);
const REDACTED = '[redacted]';

/**
 * Prints messages as Envoy's `config_dump` does: protobuf's JSON with the names of the protos,
 * `@type` in an `Any`. What the protos call sensitive is `[redacted]`; an `Any` of a kind that is
 * not known here says only how long it is.
 */
export class MessagePrinter {
  readonly #root: protobuf.Root;

  private constructor(root: protobuf.Root) {
    this.#root = root;
  }

  /** Reads the descriptors: some milliseconds, so once, when the first is printed. */
  static async load(): Promise<MessagePrinter> {
    const descriptor: protobuf.INamespace = JSON.parse(await readFile(DESCRIPTOR, 'utf8'));
    return new MessagePrinter(protobuf.Root.fromJSON(descriptor));
  }

  /**
   * A serialised `google.protobuf.Any`, which is how resources are kept.
   *
   * @throws RangeError when it isn't protobuf.
   */
  print(bytes: Uint8Array): Json {
    return this.#any(Any.decode(bytes));
  }

  #any({ type_url: url, value }: Any): Json {
    const name = (url ?? '').slice((url ?? '').lastIndexOf('/') + 1);
    const bytes = value ?? new Uint8Array();
    const type = this.#root.lookup(name.split('.'), [protobuf.Type]);
    if (!(type instanceof protobuf.Type))
      return { '@type': url ?? '', value: `[${bytes.length} bytes]` };
    const printed = this.#message(type, fieldsOf(type.decode(bytes)));
    const plain = typeof printed === 'object' && printed !== null && !Array.isArray(printed);
    return { '@type': url ?? '', ...(plain && !isSpecial(type) ? printed : { value: printed }) };
  }

  #message(type: protobuf.Type, fields: Fields): Json {
    const name = type.fullName.slice(1);
    if (name === 'google.protobuf.Any') return this.#any(fields as Any); // by its name
    if (WRAPPERS.has(name)) {
      const field = type.fields.value!; // all wrappers have one
      return this.#value(field, fields.value ?? field.typeDefault);
    }
    const special = WELL_KNOWN[name];
    if (special !== undefined) return special(fields);
    const printed: Record<string, Json> = {};
    for (const field of type.fieldsArray) {
      const value = fields[field.name];
      if (value === undefined || isDefault(field, value)) continue;
      const json = this.#field(field, value);
      printed[field.name] = field.options?.sensitive ? redacted(json) : json;
    }
    return printed;
  }

  #field(field: protobuf.Field, value: unknown): Json {
    // Decoded by that very field: a repeated one is an array, a map an object.
    if (field.repeated)
      return (value as readonly unknown[]).map((each) => this.#value(field, each));
    if (!field.map) return this.#value(field, value);
    const entries = Object.entries(value as Fields);
    return Object.fromEntries(entries.map(([key, each]) => [key, this.#value(field, each)]));
  }

  #value(field: protobuf.Field, value: unknown): Json {
    const { resolvedType } = field.resolve();
    if (resolvedType instanceof protobuf.Type)
      return this.#message(resolvedType, fieldsOf(value as object));
    if (resolvedType instanceof protobuf.Enum)
      return resolvedType.valuesById[value as number] ?? (value as number);
    if (field.type === 'bytes') return Buffer.from(value as Uint8Array).toString('base64');
    // JavaScript's numbers don't hold 64 bits, so that JSON has them as texts.
    if (/64$/.test(field.type)) return String(value);
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    return value as Json;
  }
}

/** The fields that were sent: others are on the prototype. */
function fieldsOf(message: object): Fields {
  return { ...message };
}

/** What means the same as nothing; only in a oneof a zero says which of them is meant. */
function isDefault(field: protobuf.Field, value: unknown): boolean {
  if (field.repeated || field.map) return Object.keys(value as object).length === 0;
  if (field.partOf !== null) return false;
  return value === field.resolve().typeDefault || value === '';
}

function isSpecial({ fullName }: protobuf.Type): boolean {
  const name = fullName.slice(1);
  return name in WELL_KNOWN || WRAPPERS.has(name);
}

/** The same without what it says: which kind it is of is no secret. */
function redacted(json: Json): Json {
  if (Array.isArray(json)) return json.map(redacted);
  if (typeof json !== 'object' || json === null) return REDACTED;
  const entries = Object.entries(json).map(([key, value]) => [
    key,
    key === '@type' ? value : redacted(value),
  ]);
  return Object.fromEntries(entries);
}
