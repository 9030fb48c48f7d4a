import {
  type Operation,
  type OperationName,
  type RequestOf,
  type ResponseOf,
  rowOf,
} from '@meshkeeper/jute';
import type { ZooKeeperError } from '../zookeeper-error.ts';

/** A request on its way: what goes out, and what its answer does. */
export interface Request {
  /** The operation's name in the protocol, for errors. */
  readonly operation: string;
  readonly path: string | undefined;
  readonly row: Operation<unknown, unknown>;
  readonly body: unknown;
  /** A fixed transaction id (auth); others get the connection's next one. */
  readonly xid?: number;
  /** The answer came and is no error. Called in the order of the server. */
  succeed(response: unknown, zxid: bigint): void;
  /** The answer is an error (`err` is its code), or there will be none. */
  fail(error: ZooKeeperError, err?: number): void;
  /** Its signal aborted before it was sent: there will be no answer and no error. */
  dropped?(): void;
}

/** A request of the table's operation, with its types. `row`: another way to read its answer. */
export function requestOf<N extends OperationName>(
  operation: N,
  body: RequestOf<N>,
  path: string | undefined,
  succeed: (response: ResponseOf<N>, zxid: bigint) => void,
  fail: (error: ZooKeeperError, err?: number) => void,
  row = rowOf(operation),
): Request {
  // The row read the response, so that it is of the row's type.
  const answered = succeed as (response: unknown, zxid: bigint) => void;
  return { operation, path, row, body, succeed: answered, fail };
}
