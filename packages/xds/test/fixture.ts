import {
  diff,
  EMPTY_SNAPSHOT,
  type Endpoint,
  NO_LOCALITY,
  type Protocol,
  type Service,
  type ServiceChange,
  type Snapshot,
} from '@meshkeeper/mesh';

/** An endpoint on loopback. */
export function endpoint(port: number, fields: Partial<Endpoint> = {}): Endpoint {
  const origin = { registry: 'test', path: `/${port}`, czxid: 1n, mzxid: 1n, mtime: 0 };
  return {
    id: `i-${port}`,
    address: '127.0.0.1',
    port,
    weight: 100,
    locality: NO_LOCALITY,
    health: 'healthy',
    metadata: {},
    origin,
    ...fields,
  };
}

/** A service with endpoints at these ports. */
export function service(
  name: string,
  ports: readonly (number | Endpoint)[],
  protocol: Protocol = 'http',
): Service {
  const endpoints = ports.map((port) => (typeof port === 'number' ? endpoint(port) : port));
  return { name, protocol, endpoints };
}

/** A catalog that a test edits. */
export class Catalog {
  #snapshot: Snapshot = EMPTY_SNAPSHOT;

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Sets (or removes, where undefined) services; what a consumer is told. */
  set(changes: Record<string, Service | undefined>): [Snapshot, ServiceChange[]] {
    const before = this.#snapshot;
    const services = before.services.with(new Map(Object.entries(changes)));
    this.#snapshot = { ...before, revision: before.revision + 1, services };
    return [this.#snapshot, diff(before, this.#snapshot)];
  }

  /** Adds services. */
  put(...services: readonly Service[]): [Snapshot, ServiceChange[]] {
    return this.set(Object.fromEntries(services.map((each) => [each.name, each])));
  }
}
