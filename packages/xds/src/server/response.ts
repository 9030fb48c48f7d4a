import type { Resource } from '../resources/resource.ts';

/** What a response replaces where that is never sent again. */
export const NOTHING_BEFORE: ReadonlyMap<string, Resource> = new Map();

/** What a stream is to be sent, before it is bytes. */
export interface Response {
  readonly typeUrl: string;
  /** `version_info`, or `system_version_info`. */
  readonly version: string;
  readonly resources: readonly Resource[];
  /** Only in the incremental variant. */
  readonly removed: readonly string[];
  /** Those of `resources` that the stream didn't have in that version. */
  readonly fresh: readonly Resource[];
  /** What the stream had of those, where a later response has to repeat it. */
  readonly before: ReadonlyMap<string, Resource>;
  /** The oldest revision of which it holds something; undefined when it tells nothing new. */
  readonly since: number | undefined;
}

/** A response as it goes over the wire. Streams in the same state share it. */
export interface Frame {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly bytes: Buffer;
  /** Resources in it, sent or removed. */
  readonly names: readonly string[];
}

/** A response that was sent and is not acknowledged yet. */
export interface InFlight {
  readonly nonce: string;
  readonly version: string;
  /** Resources in it, sent or removed. */
  readonly names: readonly string[];
  /** Those that the stream didn't have in that version. */
  readonly fresh: readonly Resource[];
  /** What the stream had of those, where a later response has to repeat it. */
  readonly before: ReadonlyMap<string, Resource>;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  /** The oldest revision of which it holds something. */
  readonly since: number | undefined;
}
