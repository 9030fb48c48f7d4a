import type { Core } from './core.ts';
import type { ServerStats } from './stats.ts';

/** One connection, for `stat` and `cons`. */
export interface ConnectionLine {
  readonly address: string;
  readonly sessionId: bigint;
  readonly queued: number;
  readonly received: number;
  readonly sent: number;
}

/** What the answers to four-letter words are made of. */
export interface WordContext {
  readonly stats: ServerStats;
  readonly connections: readonly ConnectionLine[];
  readonly configuration: Readonly<Record<string, string | number>>;
}

/** The context at this moment, for a server on `port` that keeps its data in `location`. */
export function wordContext(
  { options, connections }: Core,
  stats: ServerStats,
  port: number,
  location = '',
): WordContext {
  const { tickTime, minSessionTimeout, maxSessionTimeout, maxClientConnections } = options;
  return {
    stats,
    connections: Array.from(connections, (connection) => ({
      address: `${connection.remoteAddress}:${connection.remotePort}`,
      sessionId: connection.sessionId,
      queued: connection.outstanding,
      received: connection.received,
      sent: connection.sent,
    })),
    configuration: {
      clientPort: port,
      dataDir: location,
      dataLogDir: location,
      tickTime,
      maxClientCnxns: maxClientConnections,
      minSessionTimeout,
      maxSessionTimeout,
      serverId: 0,
    },
  };
}
