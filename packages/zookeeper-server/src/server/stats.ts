import type { Core } from './core.ts';

/** The server's figures at one moment. */
export interface ServerStats {
  readonly connections: number;
  readonly sessions: number;
  readonly znodes: number;
  readonly ephemerals: number;
  /** Bytes of paths and data. */
  readonly dataSize: number;
  readonly watches: number;
  readonly watchedPaths: number;
  readonly watchers: number;
  /** Last transaction. */
  readonly zxid: bigint;
  /** Frames received and sent since the start. */
  readonly received: number;
  readonly sent: number;
  /** Requests that wait for their transaction to be durable. */
  readonly outstanding: number;
  /** Milliseconds from a batch's first write until it was durable. */
  readonly latency: { readonly min: number; readonly average: number; readonly max: number };
  /** Milliseconds since the start. */
  readonly uptime: number;
}

/** The figures of a server that started at a time of its clock's `monotonic`. */
export function statsOf(core: Core, startedAt: number): ServerStats {
  const { options, engine, connections, delivery } = core;
  const { state, watches } = engine;
  const counts = watches.counts;
  return {
    connections: connections.size,
    sessions: state.sessions.size,
    znodes: state.tree.size,
    ephemerals: state.tree.ephemeralCount,
    dataSize: state.tree.dataSize,
    watches: counts.watches,
    watchedPaths: counts.paths,
    watchers: counts.watchers,
    zxid: state.lastZxid,
    ...connections.traffic,
    latency: delivery.latency,
    uptime: Math.round(options.clock.monotonic() - startedAt),
  };
}
