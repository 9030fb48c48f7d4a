import { createHash } from 'node:crypto';
import { isPort } from '../decode/address.ts';
import { isObject, parseObject, textOf } from '../decode/json.ts';
import { dubboKeyOf } from './service-key.ts';

/** What a revision of an application provides; Dubbo's `MetadataInfo`. */
export interface MetadataInfo {
  readonly application: string;
  readonly revision: string;
  readonly services: readonly ServiceInfo[];
}

/** A service that an application provides with one protocol. */
export interface ServiceInfo {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly protocol: string;
  /** Undefined when it doesn't say. */
  readonly port: number | undefined;
  readonly path: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What the revision of an application that provides nothing is called. */
export const EMPTY_REVISION = '0';

/** No application comes near this. */
const MAX_METADATA = 4 * 1024 * 1024;

/** Reads a znode of metadata; undefined when it is none, as a directory. Never throws. */
export function decodeMetadata(data: Buffer): MetadataInfo | undefined {
  if (data.length > MAX_METADATA) return undefined;
  const json = parseObject(data.toString());
  if (json === undefined || !isObject(json.services)) return undefined;
  const services: ServiceInfo[] = [];
  for (const service of Object.values(json.services)) {
    if (!isObject(service)) continue;
    const { port } = service;
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    const name = text(service.name);
    const protocol = text(service.protocol);
    if (name === '' || protocol === '') continue;
    services.push({
      ...{ name, protocol, group: text(service.group), version: text(service.version) },
      port: isPort(port) ? port : undefined,
      path: text(service.path) || name,
      parameters: new Map(Object.entries(textOf(service.params))),
    });
  }
  return { application: String(json.app ?? ''), revision: String(json.revision ?? ''), services };
}

/**
 * What Dubbo calls a revision that provides these: an MD5 of all that they say. Equal ones have the
 * same, so that who knows one need not ask again.
 */
export function revisionOf(application: string, services: readonly ServiceInfo[]): string {
  if (services.length === 0) return EMPTY_REVISION;
  const described = services
    .map((service) => ({ key: protocolKeyOf(service), service }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, service }) => {
      const { port, path, parameters } = service;
      const sorted = sortedOf(parameters).map(([name, value]) => `${name}=${value}`);
      return `${key}${port ?? -1}${path}{${sorted.join(', ')}}`;
    });
  return createHash('md5')
    .update(`${application}${described.join('')}`)
    .digest('hex');
}

/**
 * A znode of metadata. Dubbo writes the same with the parameters in the order of Java's HashMap,
 * which nobody reads; here they are sorted.
 */
export function encodeMetadata({ application, revision, services }: MetadataInfo): Buffer {
  const written = services.map((service) => {
    const { group, name, path, port, protocol, version, parameters } = service;
    const params = Object.fromEntries(sortedOf(parameters));
    return [
      protocolKeyOf(service),
      {
        ...(group !== '' && { group }),
        ...{ name, params, path, port: port ?? -1, protocol },
        ...(version !== '' && { version }),
      },
    ] as const;
  });
  return Buffer.from(
    JSON.stringify({ app: application, revision, services: Object.fromEntries(written) }),
  );
}

/** `group/interface:version:protocol` without empty parts. */
function protocolKeyOf({ name, version, group, protocol }: ServiceInfo): string {
  return `${dubboKeyOf({ interface: name, version, group })}:${protocol}`;
}

function sortedOf(parameters: ReadonlyMap<string, string>): (readonly [string, string])[] {
  return [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
}
