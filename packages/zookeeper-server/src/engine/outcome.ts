import type { Txn } from '../tree/txn.ts';
import type { Notification } from '../watches/watch-table.ts';

/** An event, as it goes out. */
export interface Event<C> extends Notification<C> {
  /** Transaction that caused it; -1 for one that a client catches up with in setWatches. */
  readonly zxid: bigint;
}

/** What a request comes to. The events go out before the reply. */
export interface Outcome<C> {
  /** A code of `ErrorCode`. */
  readonly err: number;
  /** The reply's body, of the operation's response type; only when `err` is 0. */
  readonly response?: unknown;
  /** Already applied; the reply has to wait until it is durable. */
  readonly txn?: Txn;
  readonly events?: readonly Event<C>[];
}
