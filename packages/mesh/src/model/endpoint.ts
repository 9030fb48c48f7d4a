/** Where an endpoint runs; Envoy's `core.v3.Locality`. Empty strings mean "not stated". */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

/**
 * What is known of an endpoint's fitness. `draining` takes no new requests but finishes those it
 * has; `unknown` (nobody has checked) is routed to, as Envoy does.
 */
export type Health = 'healthy' | 'unhealthy' | 'draining' | 'unknown';

/** What an endpoint was read from: a znode, or what another platform has in its place. */
export interface Origin {
  /** Name of the registry source. */
  readonly registry: string;
  /** Absolute znode path; elsewhere what the platform calls it: `EndpointSlice shop/web-x1`. */
  readonly path: string;
  /** Transaction that created the znode. Only ZooKeeper has it. */
  readonly czxid?: bigint;
  /** Transaction that last changed the znode's data: the endpoint's version. Only ZooKeeper has it. */
  readonly mzxid?: bigint;
  /** When that was, by the registry's clock, where it tells: milliseconds since the epoch. */
  readonly mtime?: number;
  /** What another platform calls the version that was read: a `resourceVersion`, a `ModifyIndex`. */
  readonly version?: string;
}

/** One instance of a service: an address that takes requests. */
export interface Endpoint {
  /** Unique within its service, and stable while the instance lives. */
  readonly id: string;
  /** IP address. A source of a plug-in may say a host name, too: it is looked up for it. */
  readonly address: string;
  /** The registry's name for the address, where it gave a name. */
  readonly hostname?: string;
  readonly port: number;
  /** Share of the load relative to its peers; 0 takes none. Default 100. */
  readonly weight: number;
  readonly locality: Locality;
  readonly health: Health;
  /** Set when the instance leads its service. */
  readonly role?: 'leader';
  /** What the registry says of the instance, as text. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Slow start: the weight grows over `duration` milliseconds from `from` (milliseconds since the epoch). */
  readonly warmup?: { readonly from: number; readonly duration: number };
  readonly origin: Origin;
}

/** The weight of an endpoint whose registry says nothing of it (Dubbo's default). */
export const DEFAULT_WEIGHT = 100;

/** The locality of an endpoint whose registry says nothing of it. */
export const NO_LOCALITY: Locality = Object.freeze({ region: '', zone: '', subzone: '' });

/** True when both would be served alike: all but `origin`, which says only where they were read. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a.id === b.id &&
    a.address === b.address &&
    a.port === b.port &&
    a.hostname === b.hostname &&
    a.weight === b.weight &&
    a.health === b.health &&
    a.role === b.role &&
    sameLocality(a.locality, b.locality) &&
    a.warmup?.from === b.warmup?.from &&
    a.warmup?.duration === b.warmup?.duration &&
    sameRecord(a.metadata, b.metadata)
  );
}

function sameLocality(a: Locality, b: Locality): boolean {
  return a === b || (a.region === b.region && a.zone === b.zone && a.subzone === b.subzone);
}

function sameRecord(a: Readonly<Record<string, string>>, b: typeof a): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
