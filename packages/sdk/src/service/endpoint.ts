import type { Health, Locality } from '@meshkeeper/mesh';
import type { Target } from '@meshkeeper/proxy';

/** An instance of a service, as callers see it. */
export interface ServiceEndpoint {
  /** `address:port`. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** Share of the load relative to its peers of the same locality. */
  readonly weight: number;
  readonly locality: Locality;
  /** 0 is used first: nearer ones, by this program's own locality. */
  readonly priority: number;
  /** What the mesh knows; `draining` takes no new requests. */
  readonly health: Health;
  /** Leads its service. */
  readonly leader: boolean;
}

/** The endpoint that a target of the data plane is. */
export function serviceEndpoint(target: Target): ServiceEndpoint {
  const { key, address, port, weight, locality, priority, health, metadata } = target;
  return {
    ...{ id: key, address, port, weight, locality, priority, health },
    leader: metadata.role === 'leader',
  };
}
