import type { Endpoint, Service, ServiceSettings } from '@meshkeeper/mesh';
import type { Grammar } from './grammar.ts';

/** A service by the name that it has in DNS. */
export interface Named {
  readonly alias: string;
  readonly service: Service;
}

/** What a name is looked up in: the catalog at one moment. */
export interface CatalogView {
  readonly revision: number;
  /** The service with an alias. */
  service(alias: string): Named | undefined;
  /** The service that a registry calls so: a whole name, of whatever zone. */
  host(name: string): Named | undefined;
  /** Whether there are aliases that end in `.name`. */
  isInner(name: string): boolean;
  /** What operators state of a service. */
  settings(service: Service): ServiceSettings | undefined;
  /** The endpoints at the address of a name of `in-addr.arpa` or `ip6.arpa`. */
  at(reverse: string): readonly { readonly named: Named; readonly endpoint: Endpoint }[];
}

/** A zone that is answered for: the catalog, under some names. */
export interface Zone {
  /** Without dots at its ends, in lower case. */
  readonly origin: string;
  /** What the names in it mean. */
  readonly grammar: Grammar;
  /** Seconds that an answer may be kept. */
  readonly ttl: number;
  /** Seconds that it may be kept that something is not there. */
  readonly negativeTtl: number;
  /** Where its name server is reached, as far as that is known. */
  readonly nameserver: readonly string[];
}

/** A name of a zone in full. */
export function inZone({ origin }: Zone, relative: string): string {
  return relative === '' ? origin : `${relative}.${origin}`;
}

/** A name without the zone's own, '' being the zone's; undefined of one that is not in it. */
export function relativeTo({ origin }: Zone, name: string): string | undefined {
  if (name === origin) return '';
  return name.endsWith(`.${origin}`) ? name.slice(0, -origin.length - 1) : undefined;
}
