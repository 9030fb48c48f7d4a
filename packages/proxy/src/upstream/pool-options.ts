import type { CircuitBreaker } from '@meshkeeper/mesh';
import type { ConnectionConfig } from '../config/connection-config.ts';
import type { TlsClient } from './tls/tls-client.ts';

/** What the connections to one endpoint are made with. */
export interface PoolOptions {
  readonly address: string;
  readonly port: number;
  readonly config: ConnectionConfig;
  /** Undefined: plain TCP. */
  readonly tls: TlsClient | undefined;
  /** Where connections and waiting requests are counted. */
  readonly breaker: CircuitBreaker;
}
