import type { Socket } from 'node:net';
import type { FilterChain } from '../config/filter-chain.ts';
import type { ClientFacts } from '../config/request-view.ts';

/** A filter chain at work. */
export interface ChainService {
  /** False when a new version of its chain would break the connections that there are. */
  canTake(chain: FilterChain): boolean;
  /** Takes a new version of its chain, which it can take. */
  take(chain: FilterChain): void;
  /**
   * Takes a connection, which may have been read from and paused. `http2`: the client has begun with,
   * or agreed to, HTTP/2.
   */
  accept(socket: Socket, client: ClientFacts, http2: boolean): void;
  /** Lets what is on its way finish, and closes connections after that. */
  drain(): void;
}
