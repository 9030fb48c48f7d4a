import type { Endpoint, Health } from '../model/endpoint.ts';

/** What an operator says of an endpoint, over what its registry says. */
export interface Overlay {
  /** Takes no new requests; those it has are finished. */
  readonly drain?: boolean;
  readonly weight?: number;
  readonly health?: Health;
}

/** The endpoint as the operator wants it. */
export function overlaid(endpoint: Endpoint, overlay: Overlay | undefined): Endpoint {
  if (overlay === undefined) return endpoint;
  return {
    ...endpoint,
    weight: overlay.weight ?? endpoint.weight,
    health: overlay.drain ? 'draining' : (overlay.health ?? endpoint.health),
  };
}
