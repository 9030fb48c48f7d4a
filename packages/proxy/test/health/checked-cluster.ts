import type { IncomingMessage } from 'node:http';
import { type Cluster, duration, type HealthCheck } from '@meshkeeper/xds';
import { backend } from '../fixture.ts';
import type { TestCluster } from '../upstream/test-cluster.ts';

export const COMMON: HealthCheck = {
  timeout: duration(2000),
  interval: duration(20),
  noTrafficInterval: duration(20),
  unhealthyThreshold: { value: 2 },
  healthyThreshold: { value: 2 },
};
export const http = (stated: HealthCheck['httpHealthCheck'] = {}): HealthCheck => ({
  ...COMMON,
  httpHealthCheck: { path: '/health', ...stated },
});

export const checked = (...healthChecks: HealthCheck[]): Cluster => ({
  healthChecks,
  commonLbConfig: { healthyPanicThreshold: { value: 0 } },
});

/** A backend that says how it is. */
export async function patient(status = 200) {
  const said = { status };
  const seen: IncomingMessage[] = [];
  const server = await backend((incoming, response) => {
    seen.push(incoming);
    if (incoming.url === '/reset') incoming.socket.destroy();
    response.statusCode = incoming.url === '/health' ? said.status : 200;
    response.end();
  });
  return { server, said, seen, port: server.port };
}

/** Ports that are picked. */
export function picked({ cluster }: TestCluster): number[] {
  const ports = Array.from({ length: 30 }, () => cluster.pick()?.port ?? 0);
  return [...new Set(ports)].sort();
}
