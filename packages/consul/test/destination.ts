import {
  type Endpoint,
  type Leadership,
  NO_LOCALITY,
  NO_POLICIES,
  type ServiceChange,
  ServiceMap,
  type Snapshot,
} from '@meshkeeper/mesh';
import { consulDestinationSchema, openConsulDataPlane } from '../src/index.ts';
import type { AConsul } from './a-consul.ts';

/** Who leads from the beginning, until it is said otherwise. */
export function leadership(): Leadership & { lead(leads: boolean): void } {
  let term: AbortController | undefined = new AbortController();
  let changed = Promise.withResolvers<void>();
  return {
    get term() {
      return term?.signal;
    },
    lead(leads) {
      term?.abort();
      term = leads ? new AbortController() : undefined;
      changed.resolve();
    },
    async *changes(signal) {
      const over = () => changed.resolve();
      signal.addEventListener('abort', over, { once: true });
      while (!signal.aborted) {
        changed = Promise.withResolvers();
        if (signal.aborted) return;
        yield term?.signal;
        if (!signal.aborted) await changed.promise;
      }
    },
  };
}

/** A destination, and what a mesh gives it. */
export async function aDestination(consul: AConsul, settings: object = {}, name = 'there') {
  const leader = leadership();
  const complete = consulDestinationSchema.parse({
    ...{ address: consul.url, node: `${consul.prefix}mesh`, resync: '200ms' },
    ...settings,
  });
  const { node } = complete;
  const plane = await openConsulDataPlane(complete, {
    ...{ name, mesh: '0123456789ab', leader, now: Date.now },
    logger: { debug() {}, info() {}, warn() {} },
    resolve: (path) => path,
  });
  let snapshot: Snapshot = { revision: 0, services: ServiceMap.empty, policies: NO_POLICIES };
  return {
    ...{ plane, leader, node },
    /** The mesh holds these endpoints of a service now; none: it has no such service. */
    set(service: string, endpoints: readonly Endpoint[] | undefined) {
      const before = snapshot.services.get(service);
      const after = endpoints && { name: service, protocol: 'http' as const, endpoints };
      snapshot = {
        ...snapshot,
        revision: snapshot.revision + 1,
        services: snapshot.services.with(new Map([[service, after]])),
      };
      const change: ServiceChange | undefined =
        before && after
          ? { type: 'updated', name: service, before, after }
          : after
            ? { type: 'added', name: service, after }
            : before && { type: 'removed', name: service, before };
      plane.update(snapshot, change ? [change] : []);
    },
    /** All that was given is there. */
    get applied() {
      return plane.state.type === 'applied' && plane.state.revision === snapshot.revision;
    },
    get revision() {
      return snapshot.revision;
    },
    // biome-ignore lint/suspicious/noExplicitAny: what Consul answers is looked at, not promised
    health: (service: string): Promise<any[]> =>
      consul.get(`/v1/health/service/${encodeURIComponent(service)}`),
    async [Symbol.asyncDispose]() {
      await plane.close();
      if (consul.standIn === undefined) await consul.put('/v1/catalog/deregister', { Node: node });
    },
  };
}

export function endpoint(id: string, port: number, more: Partial<Endpoint> = {}): Endpoint {
  return {
    ...{ id, address: '10.1.0.1', port, weight: 100, locality: NO_LOCALITY, health: 'healthy' },
    metadata: {},
    origin: { registry: 'spring', path: `/services/${id}` },
    ...more,
  };
}
