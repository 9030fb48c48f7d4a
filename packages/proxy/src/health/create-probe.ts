import { CircuitBreaker } from '@meshkeeper/mesh';
import type { Target } from '../config/assignment.ts';
import { type ConnectionConfig, HTTP2_DEFAULTS } from '../config/connection-config.ts';
import type { HealthCheckConfig } from '../config/health-check-config.ts';
import { createPool } from '../upstream/create-pool.ts';
import type { TlsClient } from '../upstream/tls/tls-client.ts';
import { grpcExchange } from './grpc-exchange.ts';
import { httpExchange } from './http-exchange.ts';
import type { Probe } from './probe.ts';
import { RequestProbe } from './request-probe.ts';
import { TcpProbe } from './tcp-probe.ts';

/** What of its cluster a probe goes by. */
export interface ProbedCluster {
  readonly name: string;
  readonly connections: ConnectionConfig;
  readonly tls: TlsClient | undefined;
}

/**
 * The probe of a check for an endpoint; it connects as requests do, but on connections of its own. The
 * endpoint's name for checks goes before the check's, and that before the cluster's.
 */
export function createProbe(
  { probe, port: stated, reuseConnection, timing }: HealthCheckConfig,
  { address, port: own, check }: Target,
  { connections, tls, name }: ProbedCluster,
): Probe {
  const at = { address, port: check.port ?? stated ?? own };
  if (probe.type === 'tcp') {
    const { tcpKeepalive } = connections;
    return new TcpProbe({ ...at, tls, tcpKeepalive }, probe, reuseConnection);
  }
  const authority = check.host ?? probe.host ?? name;
  const exchange =
    probe.type === 'http' ? httpExchange(probe, authority) : grpcExchange(probe, authority);
  const http2 = probe.type === 'grpc' || probe.http2 ? HTTP2_DEFAULTS : undefined;
  const config: ConnectionConfig = {
    ...connections,
    ...{ http2, connectTimeout: timing.timeout },
    // It is kept from one check to the next, however far they are apart.
    ...{ idleTimeout: 0, maxDuration: 0, maxRequests: 0 },
  };
  const pool = createPool({ ...at, config, tls, breaker: new CircuitBreaker() });
  return new RequestProbe(pool, exchange, reuseConnection);
}
