import { hash } from 'node:crypto';
import { encodeResource } from '../codec/any.ts';
import { lasting } from '../codec/lasting.ts';
import type { RESOURCE_TYPES, ResourceType } from '../codec/resource-type.ts';

/** One named piece of a data plane's configuration, serialised once and shared by all streams. */
export interface Resource {
  readonly type: ResourceType;
  /** Unique among the resources of its type. */
  readonly name: string;
  /** Changes with the content, and only with it, so that it means the same at every replica. */
  readonly version: string;
  /** A serialised `google.protobuf.Any`. */
  readonly any: Buffer;
}

/** Serialises `message`; its version is a hash of the bytes. */
export function makeResource<T extends ResourceType>(
  type: T,
  name: string,
  message: Parameters<(typeof RESOURCE_TYPES)[T]['message']['encode']>[0],
): Resource {
  return encodedResource(type, name, encodeResource(type, message));
}

/** A resource of the bytes of its `Any`; its version is a hash of them. */
export function encodedResource(type: ResourceType, name: string, any: Buffer): Resource {
  return { type, name, version: contentVersion(any), any: lasting(any) };
}

/** The first 16 hexadecimal digits of the SHA-256 of `bytes`. */
export function contentVersion(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, 16);
}
