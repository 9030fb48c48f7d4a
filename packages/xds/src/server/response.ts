import type { Resource } from '../resources/resource.ts';

/** What a stream is to be sent, before it is bytes. */
export interface Response {
  readonly typeUrl: string;
  /** `version_info`, or `system_version_info`. */
  readonly version: string;
  readonly resources: readonly Resource[];
  /** Only in the incremental variant. */
  readonly removed: readonly string[];
  /** Those of `resources` that the stream didn't have in that version. */
  readonly fresh: readonly string[];
}

/** A response as it goes over the wire. */
export interface Frame {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly bytes: Buffer;
}

/** A response that was sent and is not acknowledged yet. */
export interface InFlight {
  readonly nonce: string;
  readonly version: string;
  /** Resources in it, sent or removed. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}
