import { hash } from 'node:crypto';
import { field } from '../codec/wire.ts';
import type { Resource } from '../resources/resource.ts';
import type { Frame, Response } from './response.ts';

/** State of the world, or incremental: the two variants of the protocol. */
export type Variant = 'sotw' | 'delta';

/** Above so many resources a response's key is a hash of their names. */
const KEYED_RESOURCES = 64;
/** Bytes of frames that are kept for sharing, the newest; one larger than that is kept alone. */
const KEPT_BYTES = 32 * 1024 * 1024;

/**
 * Makes responses of resources' bytes without encoding anything twice: a response that many streams
 * get is put together once, nonce included. Nonces grow, so `after` says which a stream has had.
 */
export class Framer {
  readonly #variant: Variant;
  readonly #kept = new Map<string, { readonly serial: number; readonly frame: Frame }>();
  readonly #listKeys = new WeakMap<readonly Resource[], string>();
  readonly #parts = new WeakMap<Resource, Buffer>();
  #serial = 0;
  #keptBytes = 0;

  constructor(variant: Variant) {
    this.#variant = variant;
  }

  /** The response's frame, with a nonce that is greater than `after`. */
  frame(response: Response, after: string): Frame {
    const key = this.#key(response);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.serial > serialOf(after)) return kept.frame;
    if (kept !== undefined) this.#drop(key, kept.frame);
    this.#serial++;
    const nonce = this.#serial.toString(36);
    const { typeUrl, resources, removed } = response;
    const names = [...resources.map(({ name }) => name), ...removed];
    const frame = { typeUrl, nonce, bytes: this.#assemble(response, nonce), names };
    this.#kept.set(key, { serial: this.#serial, frame });
    this.#keptBytes += frame.bytes.length;
    for (const [old, { frame: oldest }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || oldest === frame) break;
      this.#drop(old, oldest);
    }
    return frame;
  }

  #drop(key: string, { bytes }: Frame): void {
    this.#kept.delete(key);
    this.#keptBytes -= bytes.length;
  }

  #key({ typeUrl, version, resources, removed }: Response): string {
    return `${typeUrl}\n${version}\n${this.#listKey(resources)}\n${removed.join('\0')}`;
  }

  #listKey(resources: readonly Resource[]): string {
    const kept = this.#listKeys.get(resources);
    if (kept !== undefined) return kept;
    const names = resources.map(({ name, version }) => `${name}\0${version}`).join('\0');
    if (resources.length <= KEYED_RESOURCES) return names;
    const key = hash('sha256', names);
    // A view's list is the same array for all streams, until it changes.
    this.#listKeys.set(resources, key);
    return key;
  }

  #assemble({ typeUrl, version, resources, removed }: Response, nonce: string): Buffer {
    const parts = [field(1, Buffer.from(version))];
    for (const resource of resources) parts.push(this.#part(resource));
    parts.push(field(4, Buffer.from(typeUrl)), field(5, Buffer.from(nonce)));
    for (const name of removed) parts.push(field(6, Buffer.from(name)));
    return Buffer.concat(parts);
  }

  /** Field 2 of the response: the resource's `Any`, or a `Resource` around it. */
  #part(resource: Resource): Buffer {
    const kept = this.#parts.get(resource);
    if (kept !== undefined) return kept;
    const { name, version, any } = resource;
    const wrapped = () =>
      Buffer.concat([field(1, Buffer.from(version)), field(2, any), field(3, Buffer.from(name))]);
    const part = field(2, this.#variant === 'sotw' ? any : wrapped());
    this.#parts.set(resource, part);
    return part;
  }
}

function serialOf(nonce: string): number {
  return nonce === '' ? 0 : Number.parseInt(nonce, 36);
}
