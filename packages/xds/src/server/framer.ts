import { hash } from 'node:crypto';
import { fieldSize, textSize, writeFieldHead, writeText } from '../codec/wire.ts';
import type { Resource } from '../resources/resource.ts';
import type { Frame, Response } from './response.ts';

/** State of the world, or incremental: the two variants of the protocol. */
export type Variant = 'sotw' | 'delta';

/** Above so many resources a response's key is a hash of their names. */
const KEYED_RESOURCES = 64;
/** Versions of a type whose frames are kept for sharing, the newest: one for each view that there is. */
const KEPT_VERSIONS = 16;
/** Bytes of all frames that are kept, and of those of the newest version of a type, at most. */
const KEPT_BYTES = 16 * 1024 * 1024;

interface Kept {
  readonly serial: number;
  readonly frame: Frame;
}

/** The frames of one version of a type, by what is in them. */
interface Version {
  readonly frames: Map<string, Kept>;
  bytes: number;
}

/**
 * Makes responses of resources' bytes without encoding anything twice: a response that many streams
 * get is put together once, nonce included. Nonces grow, so `after` says which a stream has had.
 */
export class Framer {
  readonly #variant: Variant;
  /** By type, and by version of the type. */
  readonly #kept = new Map<string, Map<string, Version>>();
  readonly #listKeys = new WeakMap<readonly Resource[], string>();
  #serial = 0;
  #keptBytes = 0;

  constructor(variant: Variant) {
    this.#variant = variant;
  }

  /** The response's frame, with a nonce that is greater than `after`. */
  frame(response: Response, after: string): Frame {
    const version = this.#version(response);
    const key = `${this.#listKey(response.resources)}\n${response.removed.join('\0')}`;
    const kept = version.frames.get(key);
    if (kept !== undefined && kept.serial > serialOf(after)) return kept.frame;
    const serial = ++this.#serial;
    const nonce = serial.toString(36);
    const { typeUrl, resources, removed } = response;
    const names = [...resources.map(({ name }) => name), ...removed];
    const frame = { typeUrl, nonce, bytes: this.#assemble(response, nonce), names };
    version.frames.set(key, { serial, frame });
    const grown = frame.bytes.length - (kept?.frame.bytes.length ?? 0);
    version.bytes += grown;
    this.#keptBytes += grown;
    this.#makeRoom(version);
    return frame;
  }

  /** Of the version that a response has. What an older one had, nobody is sent any more. */
  #version({ typeUrl, version: name }: Response): Version {
    let versions = this.#kept.get(typeUrl);
    if (versions === undefined) {
      versions = new Map();
      this.#kept.set(typeUrl, versions);
    }
    let version = versions.get(name);
    if (version === undefined) {
      version = { frames: new Map(), bytes: 0 };
      versions.set(name, version);
      const [oldest] = versions;
      if (versions.size > KEPT_VERSIONS && oldest !== undefined) {
        versions.delete(oldest[0]);
        this.#keptBytes -= oldest[1].bytes;
      }
    }
    return version;
  }

  /**
   * Drops what there is too much of. Not the newest version of another type: who connects is sent one
   * type after the other.
   */
  #makeRoom(latest: Version): void {
    for (const versions of this.#kept.values()) {
      let left = versions.size;
      for (const [name, version] of versions) {
        if (this.#keptBytes <= KEPT_BYTES) return;
        if (--left === 0 || version === latest) continue;
        versions.delete(name);
        this.#keptBytes -= version.bytes;
      }
    }
    for (const [key, { frame }] of latest.frames) {
      if (latest.bytes <= KEPT_BYTES || latest.frames.size === 1) return;
      latest.frames.delete(key);
      latest.bytes -= frame.bytes.length;
      this.#keptBytes -= frame.bytes.length;
    }
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
    const sizes = resources.map((resource) => this.#sizeOf(resource));
    let size = textSize(version) + textSize(typeUrl) + textSize(nonce);
    for (const each of sizes) size += fieldSize(each);
    for (const name of removed) size += textSize(name);
    // One of a pool would hold on to all of the pool for as long as it is kept.
    const target = Buffer.allocUnsafeSlow(size);
    let at = writeText(target, 0, 1, version);
    resources.forEach((resource, index) => {
      // There is a size of each.
      at = writeFieldHead(target, at, 2, sizes[index] as number);
      at = this.#write(target, at, resource);
    });
    at = writeText(target, at, 4, typeUrl);
    at = writeText(target, at, 5, nonce);
    for (const name of removed) at = writeText(target, at, 6, name);
    return target;
  }

  /** Bytes of field 2 of the response: the resource's `Any`, or a `Resource` around it. */
  #sizeOf({ name, version, any }: Resource): number {
    if (this.#variant === 'sotw') return any.length;
    return textSize(version) + fieldSize(any.length) + textSize(name);
  }

  #write(target: Buffer, from: number, { name, version, any }: Resource): number {
    let at = from;
    if (this.#variant === 'delta') {
      at = writeText(target, at, 1, version);
      at = writeFieldHead(target, at, 2, any.length);
    }
    target.set(any, at);
    at += any.length;
    return this.#variant === 'delta' ? writeText(target, at, 3, name) : at;
  }
}

function serialOf(nonce: string): number {
  return nonce === '' ? 0 : Number.parseInt(nonce, 36);
}
