import type { Service } from '@meshkeeper/mesh';
import { envoy } from '../codec/generated/envoy.js';
import { Any } from '../codec/messages.ts';
import { RESOURCE_TYPES } from '../codec/resource-type.ts';
import { isHttp } from './cluster.ts';
import { domainsByService } from './domains.ts';
import type { ResourceProblem } from './problem.ts';
import { contentVersion, type Resource } from './resource.ts';
import { virtualHost } from './virtual-host.ts';

/** A virtual host as a field of its route configuration; `key` holds all that it was made of. */
interface Part {
  readonly key: string;
  readonly bytes: Buffer;
}

/**
 * Route configurations with a virtual host for each service that speaks HTTP, sorted by name. The
 * bytes of a virtual host are kept, so that a new service costs one encoding and a copy.
 */
export class RouteBuilder {
  #parts: ReadonlyMap<string, Part> = new Map();
  #problems: readonly ResourceProblem[] = [];

  /** The services of the last {@link build} that are not routed to, and why. */
  get problems(): readonly ResourceProblem[] {
    return this.#problems;
  }

  /** One route configuration for each of `names`, all with the same virtual hosts. */
  build(names: readonly string[], services: Iterable<Service>): Resource[] {
    const routed = new Map<string, Service>();
    const all: string[] = [];
    for (const service of services) {
      all.push(service.name);
      if (isHttp(service.protocol)) routed.set(service.name, service);
    }
    const domains = domainsByService(all, (name) => routed.has(name));
    const parts = new Map<string, Part>();
    const problems: ResourceProblem[] = [];
    for (const name of [...routed.keys()].sort()) {
      // `routed` has that key.
      const { protocol } = routed.get(name) as Service;
      const own = domains.get(name);
      if (own === undefined) {
        const message = 'Every host name that it could have routes to another service';
        problems.push({ service: name, code: 'no-domain', message });
        continue;
      }
      const key = `${protocol} ${own.join(' ')}`;
      const kept = this.#parts.get(name);
      const encode = () => ({ key, bytes: encodePart(virtualHost(name, protocol, own)) });
      parts.set(name, kept?.key === key ? kept : encode());
    }
    this.#parts = parts;
    this.#problems = problems;
    const hosts = Buffer.concat([...parts.values()].map(({ bytes }) => bytes));
    return names.map((name) => assemble(name, hosts));
  }
}

function encodePart(host: Parameters<typeof envoy.config.route.v3.VirtualHost.encode>[0]): Buffer {
  const writer = envoy.config.route.v3.RouteConfiguration.encode({ virtualHosts: [host] });
  return Buffer.from(writer.finish());
}

function assemble(name: string, hosts: Buffer): Resource {
  const head = RESOURCE_TYPES.route.message.encode({ name }).finish();
  const any = Buffer.from(
    Any.encode({
      type_url: RESOURCE_TYPES.route.typeUrl,
      value: Buffer.concat([head, hosts]),
    }).finish(),
  );
  return { type: 'route', name, version: contentVersion(any), any };
}
