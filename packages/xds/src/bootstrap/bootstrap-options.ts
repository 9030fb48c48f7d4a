import type { Locality } from '@meshkeeper/mesh';
import type { HostPort } from '../resources/host-port.ts';

/** What a data plane says of itself. */
export interface BootstrapNode {
  /** Unique among the proxies. */
  readonly id: string;
  /** The service that it runs beside, or what else it is for. */
  readonly cluster: string;
  /** Where it runs; what is left out is not stated. */
  readonly locality?: Partial<Locality>;
}

/** Files, as the data plane finds them, that make its connection to the control plane TLS. */
export interface BootstrapTls {
  /** Certificates (PEM) of whom the control plane's must be signed by. */
  readonly ca: string;
  /** The data plane's own, which say who it is. Default: it doesn't say. */
  readonly identity?: { readonly certificate: string; readonly key: string };
  /** The name or IP address that the control plane's certificate must bear. Default: that of `xds`. */
  readonly serverName?: string;
}

/** What every bootstrap holds. */
export interface BootstrapOptions {
  /** The control plane; a host name is resolved by the data plane. */
  readonly xds: HostPort;
  readonly node: BootstrapNode;
  /** Default: no TLS. */
  readonly tls?: BootstrapTls;
}

/** A locality by the names of the protos; undefined when nothing is stated. */
export function localityOf({ locality = {} }: BootstrapNode): Record<string, string> | undefined {
  const { region, zone, subzone } = locality;
  const stated = Object.entries({ region, zone, sub_zone: subzone }).flatMap(([key, value]) =>
    value ? [[key, value] as const] : [],
  );
  return stated.length === 0 ? undefined : Object.fromEntries(stated);
}
