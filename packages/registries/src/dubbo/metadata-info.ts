import { isPort } from '../decode/address.ts';
import { isObject, parseObject, textOf } from '../decode/json.ts';

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
