import { type Endpoint, NO_LOCALITY, type Protocol, type Service } from '@meshkeeper/mesh';

/** A service with endpoints at these ports of loopback. */
export function serviceAt(
  name: string,
  ports: readonly number[],
  protocol: Protocol = 'http',
  more: Partial<Service> = {},
): Service {
  return { name, protocol, endpoints: ports.map((port) => endpointAt(port)), ...more };
}

/** An endpoint at that port of loopback. */
export function endpointAt(port: number, facts: Partial<Endpoint> = {}): Endpoint {
  return {
    id: `i-${port}`,
    address: '127.0.0.1',
    port,
    weight: 100,
    locality: NO_LOCALITY,
    health: 'healthy',
    metadata: {},
    origin: { registry: 'test', path: `/${port}`, czxid: 1n, mzxid: 1n, mtime: 0 },
    ...facts,
  };
}
