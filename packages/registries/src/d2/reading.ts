import type { Endpoint, Problem, Service } from '@meshkeeper/mesh';
import type { Reading, ReadingOptions } from '../dialect.ts';
import { DirectoryReading } from '../directory/directory-reading.ts';
import { KnownZNodes } from '../directory/known-znodes.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { decodeAnnouncement } from './decode.ts';
import { decodeCluster, decodeService, type ServiceDefinition } from './definition.ts';
import { isLink, placeOf, urisOf } from './layout.ts';
import { Links } from './links.ts';

const NOBODY: ReadonlySet<string> = new Set();
/** Before TLS, which a data plane doesn't speak to endpoints unless it is told to. */
const PLAIN = 'http';

/**
 * What a registry of D2 says: a service for each that is defined, and one for each cluster by its own
 * name, unless a service has that.
 */
export class D2Reading implements Reading {
  readonly #options: ReadingOptions;
  /** The clusters' servers. */
  readonly #clusters: DirectoryReading;
  readonly #links: Links;
  readonly #services = new Map<string, ServiceDefinition>();
  /** The services of a cluster, by the name that they have for it. */
  readonly #users = new Map<string, Set<string>>();
  /** `host:port` of servers that are not to be called, by cluster. */
  readonly #banned = new Map<string, ReadonlySet<string>>();
  /** Definitions. */
  readonly #znodes = new KnownZNodes();
  /** Endpoints as they are where they are banned, each made once. */
  readonly #drained = new WeakMap<Endpoint, Endpoint>();

  constructor(options: ReadingOptions) {
    this.#options = options;
    this.#clusters = new DirectoryReading(urisOf(options.root), (node) =>
      placeOf(options.root, node.path)?.type === 'uri'
        ? decodeAnnouncement(options, node)
        : { type: 'other' },
    );
    this.#links = new Links(urisOf(options.root));
  }

  get problems(): ReadonlyMap<string, Problem> {
    return new Map([...this.#znodes.problems, ...this.#clusters.problems]);
  }

  get names(): Iterable<string> {
    const clusters = [...this.#clusters.names].filter((name) => !isLink(name));
    return new Set([...this.#services.keys(), ...clusters]);
  }

  service(name: string): Service | undefined {
    const definition = this.#services.get(name);
    const cluster = this.#links.follow(definition?.cluster ?? name);
    const announced = this.#clusters.service(cluster);
    if (definition === undefined && (announced === undefined || isLink(name))) return undefined;
    const ofService = definition?.banned ?? NOBODY;
    const ofCluster = this.#banned.get(cluster) ?? NOBODY;
    const endpoints = ofOneScheme(distinct(announced?.endpoints ?? [])).map((endpoint) =>
      ofService.has(endpoint.id) || ofCluster.has(endpoint.id) ? this.#drain(endpoint) : endpoint,
    );
    return {
      name,
      protocol: announced?.protocol ?? 'http',
      endpoints,
      ...(definition?.policy && { policy: definition.policy }),
    };
  }

  put(node: ZNode): ReadonlySet<string> {
    const { path } = node;
    const place = placeOf(this.#options.root, path);
    switch (place?.type) {
      case 'service':
        return this.#putService(place.service, node);
      case 'cluster':
        return this.#putCluster(place.cluster, node);
      case 'directory':
        if (isLink(place.cluster)) return this.#link(place.cluster, node.data.toString());
    }
    return this.#affected(this.#clusters.put(node));
  }

  remove(path: string): ReadonlySet<string> {
    const place = placeOf(this.#options.root, path);
    switch (place?.type) {
      case 'service':
        this.#znodes.remove(path);
        return this.#define(place.service, undefined);
      case 'cluster':
        this.#znodes.remove(path);
        return this.#ban(place.cluster, undefined);
      case 'directory':
        if (isLink(place.cluster)) return this.#link(place.cluster, undefined);
    }
    return this.#affected(this.#clusters.remove(path));
  }

  #putService(service: string, node: ZNode): ReadonlySet<string> {
    this.#znodes.put(node.path);
    const decoded = decodeService(this.#options.registry, node);
    if (!('problem' in decoded)) return this.#define(service, decoded);
    this.#znodes.report(decoded.problem);
    return this.#define(service, undefined);
  }

  #putCluster(cluster: string, node: ZNode): ReadonlySet<string> {
    this.#znodes.put(node.path);
    // A link's is the same as that beside the servers.
    if (isLink(cluster)) return NOBODY;
    const decoded = decodeCluster(node);
    if (!('problem' in decoded)) return this.#ban(cluster, decoded.banned);
    this.#znodes.report(decoded.problem);
    return this.#ban(cluster, undefined);
  }

  #define(service: string, definition: ServiceDefinition | undefined): ReadonlySet<string> {
    const before = this.#services.get(service);
    if (before !== undefined) {
      const users = this.#users.get(before.cluster);
      users?.delete(service);
      if (users?.size === 0) this.#users.delete(before.cluster);
    }
    if (definition === undefined) this.#services.delete(service);
    else {
      this.#services.set(service, definition);
      const users = this.#users.get(definition.cluster) ?? new Set<string>();
      this.#users.set(definition.cluster, users.add(service));
    }
    return before === undefined && definition === undefined ? NOBODY : new Set([service]);
  }

  #ban(cluster: string, banned: ReadonlySet<string> | undefined): ReadonlySet<string> {
    const before = this.#banned.get(cluster) ?? NOBODY;
    if (banned === undefined || banned.size === 0) this.#banned.delete(cluster);
    else this.#banned.set(cluster, banned);
    const differ = before.symmetricDifference(banned ?? NOBODY).size > 0;
    return differ ? this.#affected([cluster]) : NOBODY;
  }

  #link(link: string, target: string | undefined): ReadonlySet<string> {
    const changed = this.#links.set(link, target);
    return new Set(changed.flatMap((name) => [...(this.#users.get(name) ?? [])]));
  }

  /** The services whose endpoints these clusters' servers are. */
  #affected(clusters: Iterable<string>): ReadonlySet<string> {
    const affected = new Set<string>();
    for (const cluster of clusters) {
      affected.add(cluster);
      for (const name of [cluster, ...this.#links.to(cluster)])
        for (const service of this.#users.get(name) ?? []) affected.add(service);
    }
    return affected;
  }

  #drain(endpoint: Endpoint): Endpoint {
    const known = this.#drained.get(endpoint);
    if (known !== undefined) return known;
    const metadata = { ...endpoint.metadata, banned: 'true' };
    const drained: Endpoint = { ...endpoint, health: 'draining', metadata };
    this.#drained.set(endpoint, drained);
    return drained;
  }
}

/** A server that is announced twice, as after a quick restart, is as it was announced last. */
function distinct(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const byId = new Map<string, Endpoint>();
  for (const endpoint of endpoints) {
    const other = byId.get(endpoint.id);
    if (other === undefined || isNewer(endpoint, other)) byId.set(endpoint.id, endpoint);
  }
  return byId.size === endpoints.length ? endpoints : [...byId.values()];
}

function isNewer({ origin: a }: Endpoint, { origin: b }: Endpoint): boolean {
  return a.czxid === b.czxid ? a.path > b.path : (a.czxid ?? 0n) > (b.czxid ?? 0n);
}

/** As for a client of D2 without TLS: plain HTTP where there is any, or else the first by name. */
function ofOneScheme(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const schemes = new Set(endpoints.map(schemeOf));
  if (schemes.size < 2) return endpoints;
  const chosen = schemes.has(PLAIN) ? PLAIN : [...schemes].sort()[0];
  return endpoints.filter((endpoint) => schemeOf(endpoint) === chosen);
}

function schemeOf({ metadata }: Endpoint): string {
  return metadata.scheme ?? PLAIN;
}
