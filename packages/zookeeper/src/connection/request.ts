import type { Operation } from '@meshkeeper/jute';
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
}
