import type { Endpoint, Health } from '../model/endpoint.ts';

/** What an operator says of an endpoint, over what its registry says. */
export interface Overlay {
  /** Takes no new requests; those it has are finished. */
  readonly drain?: boolean;
  readonly weight?: number;
  readonly health?: Health;
  /** Laid over the registry's, key by key. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Who says so, as they are known. */
  readonly by?: string;
  /** Who they say they are: a note. */
  readonly label?: string;
  readonly reason?: string;
  /** When it was said: milliseconds since the epoch. */
  readonly at?: number;
}

/** The endpoint as the operator wants it. */
export function overlaid(endpoint: Endpoint, overlay: Overlay | undefined): Endpoint {
  if (overlay === undefined) return endpoint;
  return {
    ...endpoint,
    weight: overlay.weight ?? endpoint.weight,
    health: overlay.drain ? 'draining' : (overlay.health ?? endpoint.health),
    metadata: overlay.metadata ? { ...endpoint.metadata, ...overlay.metadata } : endpoint.metadata,
  };
}

/** Whether requests are sent to it: it is neither draining nor known to be unhealthy. */
export function takesRequests({ health }: Endpoint): boolean {
  return health !== 'draining' && health !== 'unhealthy';
}
