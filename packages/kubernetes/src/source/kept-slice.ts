import type { EndpointSlice, SliceEndpoint, SlicePort } from '../api/objects.ts';
import { isMarked } from './kept-service.ts';
import { packRows, unpackRows } from './packed-rows.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

/** What is kept of an EndpointSlice: its endpoints as one text, packed, since a cluster may have a million. */
export interface KeptSlice {
  /** `namespace/name` of its Service. */
  readonly service: string;
  readonly name: string;
  readonly version: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly ports: readonly SlicePort[];
  readonly endpoints: string;
}

/** An endpoint as it was kept. */
export interface KeptEndpoint {
  /** The first of them: the API gives no meaning to others. */
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** Empty where there is none, as all that follows. */
  readonly pod: string;
  readonly node: string;
  readonly zone: string;
  readonly zones: readonly string[];
}

/**
 * What is kept of an EndpointSlice; undefined of one that belongs to no Service, that a mesh has written,
 * or that holds names (which are deprecated). Pure.
 */
export function keepSlice({
  metadata,
  addressType,
  endpoints,
  ports,
}: EndpointSlice): KeptSlice | undefined {
  const { name, namespace = '', labels = {}, annotations = {} } = metadata;
  const service = labels[SERVICE_NAME];
  if (service === undefined || addressType === 'FQDN' || isMarked(labels, annotations))
    return undefined;
  return {
    service: `${namespace}/${service}`,
    name,
    version: metadata.resourceVersion ?? '',
    family: addressType,
    ports: (ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP'),
    endpoints: packRows((endpoints ?? []).map(pack)),
  };
}

/** The endpoints of a slice. */
export function endpointsOf({ endpoints }: KeptSlice): KeptEndpoint[] {
  return unpackRows(endpoints).map(unpack);
}

function pack({
  addresses,
  conditions = {},
  targetRef,
  nodeName = '',
  zone = '',
  hints,
}: SliceEndpoint): string[] {
  // What is not known is as if it were, says the API: ready, serving, and staying.
  const { ready = true, serving = ready, terminating = false } = conditions;
  const flags = (ready ? 1 : 0) + (serving ? 2 : 0) + (terminating ? 4 : 0);
  const pod = targetRef?.kind === 'Pod' ? (targetRef.name ?? '') : '';
  const zones = hints?.forZones?.map(({ name }) => name).join(',') ?? '';
  return [addresses[0] ?? '', String(flags), pod, nodeName, zone, zones];
}

function unpack([
  address = '',
  flags = '',
  pod = '',
  node = '',
  zone = '',
  zones = '',
]: readonly string[]): KeptEndpoint {
  const bits = Number(flags);
  return {
    address,
    ready: (bits & 1) !== 0,
    serving: (bits & 2) !== 0,
    terminating: (bits & 4) !== 0,
    ...{ pod, node, zone },
    zones: zones === '' ? [] : zones.split(','),
  };
}
