import type protobuf from 'protobufjs/minimal.js';
import { XdsError } from '../xds-error.ts';
import { Any } from './messages.ts';
import { RESOURCE_TYPES, type ResourceMessage, type ResourceType } from './resource-type.ts';

/** A message that can be put into an `Any`: a class of `messages.ts`. */
interface Encodable<M> {
  encode(message: M): protobuf.Writer;
}

/** `message` as an `Any` message, to be put into another one. `name` is its full protobuf name. */
export function pack<M>(name: string, codec: Encodable<M>, message: M): Any {
  return { type_url: `type.googleapis.com/${name}`, value: codec.encode(message).finish() };
}

/** `message` as the bytes of an `Any`: how a resource is kept and sent. */
export function encodeResource<T extends ResourceType>(
  type: T,
  message: Parameters<(typeof RESOURCE_TYPES)[T]['message']['encode']>[0],
): Buffer {
  const { typeUrl, message: codec } = RESOURCE_TYPES[type];
  // The rows' codecs are a union, which TypeScript can't call with the row's own message.
  const value = (codec as Encodable<typeof message>).encode(message).finish();
  const bytes = Any.encode({ type_url: typeUrl, value }).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The message in an `Any` that a data plane received.
 *
 * @throws XdsError `malformed` when it isn't one of that kind, or not protobuf.
 */
export function decodeResource<T extends ResourceType>(type: T, any: Any): ResourceMessage<T> {
  const { typeUrl, message } = RESOURCE_TYPES[type];
  if (any.type_url !== typeUrl)
    throw new XdsError('malformed', `Expected ${typeUrl}, got ${any.type_url ?? 'no type'}`);
  try {
    // As above: the row's codec decodes to the row's message.
    return message.decode(any.value ?? new Uint8Array()) as ResourceMessage<T>;
  } catch (cause) {
    throw new XdsError('malformed', `Not a valid ${typeUrl}`, { cause });
  }
}

/** The name by which xDS knows a message of that kind. */
export function resourceName<T extends ResourceType>(type: T, message: ResourceMessage<T>): string {
  // Every row's name field is a string of its message.
  const fields = message as unknown as Readonly<Record<string, string>>;
  return fields[RESOURCE_TYPES[type].nameField] ?? '';
}
