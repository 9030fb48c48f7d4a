import type { Reader } from './reader.ts';
import { bool, buffer, int, long, record, type Type } from './type.ts';
import type { Writer } from './writer.ts';

/** The largest frame that a server takes by default: `jute.maxbuffer`, 0xfffff bytes. */
export const MAX_FRAME = 0xfffff;

/** Transaction ids that say what a frame is, rather than which request it belongs to. */
export const Xid = { NOTIFICATION: -1, PING: -2, AUTH: -4, SET_WATCHES: -8 } as const;

/** In front of every request. */
export const requestHeader = record({ xid: int, type: int });

/** In front of every reply. */
export const replyHeader = record({ xid: int, zxid: long, err: int });

/** The client's first frame. `readOnly` may be missing from very old clients. */
export interface ConnectRequest {
  readonly protocolVersion: number;
  readonly lastZxidSeen: bigint;
  /** Session timeout asked for, in milliseconds. */
  readonly timeout: number;
  /** 0 for a new session. */
  readonly sessionId: bigint;
  readonly password: Buffer | null;
  /** Undefined when the client left the byte out. */
  readonly readOnly: boolean | undefined;
}

/** The server's first frame. A timeout of 0 or less says that the session is gone. */
export interface ConnectResponse {
  readonly protocolVersion: number;
  /** Session timeout granted, in milliseconds. */
  readonly timeout: number;
  readonly sessionId: bigint;
  readonly password: Buffer | null;
  readonly readOnly: boolean | undefined;
}

const connectRequestFields = record({
  protocolVersion: int,
  lastZxidSeen: long,
  timeout: int,
  sessionId: long,
  password: buffer,
});

const connectResponseFields = record({
  protocolVersion: int,
  timeout: int,
  sessionId: long,
  password: buffer,
});

/** A record with a byte `readOnly` behind it that the other side may leave out. */
function withReadOnly<T extends object>(
  fields: Type<T>,
): Type<T & { readonly readOnly: boolean | undefined }> {
  return {
    least: fields.least,
    read(reader: Reader) {
      const value = fields.read(reader);
      return { ...value, readOnly: reader.remaining > 0 ? bool.read(reader) : undefined };
    },
    write(writer: Writer, value) {
      fields.write(writer, value);
      if (value.readOnly !== undefined) writer.bool(value.readOnly);
    },
  };
}

export const connectRequest: Type<ConnectRequest> = withReadOnly(connectRequestFields);
export const connectResponse: Type<ConnectResponse> = withReadOnly(connectResponseFields);
