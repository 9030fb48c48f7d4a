import type { ImageHeader, Recoverable } from '../engine/state.ts';
import type { Txn } from '../tree/txn.ts';
import type { ZNodeFields } from '../tree/znode.ts';

/** The state as it was at one moment, readable in pieces while it changes on. */
export interface Image {
  readonly header: ImageHeader;
  /** The next znodes, at most `most`; empty at the end. */
  next(most: number): readonly (readonly [path: string, node: ZNodeFields])[];
  /** Lets go of what was kept for the image. */
  close(): void;
}

/** Where the server keeps what it must not lose. Calls never overlap, but a snapshot runs beside appends. */
export interface Storage {
  /** Fills the state with what is stored. Called once, first. */
  recover(into: Recoverable): Promise<void>;
  /** Resolves when the transactions are durable, all or none of each. A rejection is final. */
  append(txns: readonly Txn[]): Promise<void>;
  /** Whether so much was appended since the last snapshot that the next one is due. */
  readonly snapshotDue: boolean;
  /** Stores an image, and drops what it makes superfluous. */
  snapshot(image: Image): Promise<void>;
  /** Where the data are, for people; undefined if nowhere. */
  readonly location: string | undefined;
  /** Lets go of files and locks. Idempotent. */
  close(): Promise<void>;
}
