import type { Endpoint, Protocol, Service } from '@meshkeeper/mesh';
import { type AddressType, sliceAddress } from './address.ts';
import {
  type SliceConditions,
  type SliceEndpoint,
  type SlicePort,
  type SliceSet,
  sliceSetKey,
  type WeighedEndpoint,
} from './slice.ts';

/** What a port of a Service is called and said to speak, by protocol. */
const PORTS: Readonly<Record<Protocol, { readonly name: string; readonly appProtocol?: string }>> =
  {
    http: { name: 'http', appProtocol: 'http' },
    http2: { name: 'http2', appProtocol: 'kubernetes.io/h2c' },
    grpc: { name: 'grpc', appProtocol: 'grpc' },
    tcp: { name: 'tcp' },
    dubbo: { name: 'dubbo' },
  };

/** A port of what is served, in Services and slices alike. */
export function slicePort(protocol: Protocol, port: number): SlicePort {
  return { ...PORTS[protocol], port, protocol: 'TCP' };
}

/** What of a service slices can hold. */
export interface Sliced {
  /** By {@link sliceSetKey}. */
  readonly sets: ReadonlyMap<string, SliceSet>;
  /** What no slice takes: why, by endpoint. */
  readonly rejected: ReadonlyMap<string, string>;
}

/**
 * The endpoints of a service as slices hold them, in sets of one address type and one port. Pure.
 * @param zoneHints whether each endpoint is for its own zone: said only where every one that is ready
 *   has a zone, as a proxy that finds one without would ignore all
 */
export function sliceSets(service: Service, zoneHints = false): Sliced {
  const sets = new Map<string, SliceSet & { readonly endpoints: Map<string, WeighedEndpoint> }>();
  const rejected = new Map<string, string>();
  const hinted = zoneHints && service.endpoints.every(hasZoneIfReady);
  for (const endpoint of service.endpoints) {
    const read = sliceAddress(endpoint.address);
    if ('fault' in read) {
      rejected.set(endpoint.id, `${endpoint.address} ${read.fault}: no EndpointSlice takes it`);
      continue;
    }
    const { type, address } = read;
    const set = setOf(sets, type, slicePort(service.protocol, endpoint.port));
    const weighed = { endpoint: sliceEndpoint(endpoint, address, hinted), weight: endpoint.weight };
    const twin = set.endpoints.get(address);
    // Two names of one address: it takes requests if either does.
    if (twin === undefined || (!isReady(twin) && isReady(weighed)))
      set.endpoints.set(address, weighed);
  }
  return { sets, rejected };
}

/** What slices say of the fitness of an endpoint. One of weight 0 finishes what it has. */
export function conditionsOf({
  health,
  weight,
}: Pick<Endpoint, 'health' | 'weight'>): SliceConditions {
  const terminating = health === 'draining';
  const serving = health !== 'unhealthy';
  return { ready: serving && !terminating && weight > 0, serving, terminating };
}

function hasZoneIfReady(endpoint: Endpoint): boolean {
  return endpoint.locality.zone !== '' || conditionsOf(endpoint).ready !== true;
}

function isReady({ endpoint }: WeighedEndpoint): boolean {
  return endpoint.conditions?.ready === true;
}

function sliceEndpoint(endpoint: Endpoint, address: string, hinted: boolean): SliceEndpoint {
  const conditions = conditionsOf(endpoint);
  const { zone } = endpoint.locality;
  return {
    addresses: [address],
    conditions,
    ...(zone !== '' && { zone }),
    ...(hinted && zone !== '' && conditions.ready && { hints: { forZones: [{ name: zone }] } }),
  };
}

function setOf(
  sets: Map<string, SliceSet & { readonly endpoints: Map<string, WeighedEndpoint> }>,
  addressType: AddressType,
  port: SlicePort,
) {
  const key = sliceSetKey({ addressType, ports: [port] });
  const known = sets.get(key);
  if (known !== undefined) return known;
  const set = { addressType, ports: [port], endpoints: new Map<string, WeighedEndpoint>() };
  sets.set(key, set);
  return set;
}
