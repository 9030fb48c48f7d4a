import type { Origin } from '@meshkeeper/mesh';
import { kindOf } from '../curator/kind.ts';
import { isHost, isPort, withoutZone } from '../decode/address.ts';
import { isObject, parseObject, shown, textOf } from '../decode/json.ts';
import { MAX_DATA, problem } from '../decode/problem.ts';
import type { Decoded } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { originOf, sinceOf } from './offer.ts';
import { withoutBrackets } from './url.ts';

/** An instance of an application: Dubbo's `ServiceInstance`. */
export interface Instance {
  readonly application: string;
  readonly host: string;
  /** The port of a protocol that is named nowhere else. */
  readonly port: number | undefined;
  /** Where it can be reached, by protocol. */
  readonly ports: ReadonlyMap<string, number>;
  readonly revision: string;
  /** Where its metadata is: with itself or in ZooKeeper. */
  readonly storage: 'local' | 'remote';
  /** Where its metadata service is; undefined when it doesn't say. */
  readonly metadataService: MetadataService | undefined;
  readonly since: number;
  /** Parameters that hold for all of its services which don't state them. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly origin: Origin;
}

/** Where an instance tells what it provides. */
export interface MetadataService {
  readonly protocol: string;
  readonly port: number;
  /** Of the metadata service's interface: 2.0.0 is `MetadataServiceV2`. */
  readonly version: string;
}

/** What a znode among an application's instances is. */
export type DecodedInstance =
  | { readonly type: 'instance'; readonly instance: Instance }
  | Exclude<Decoded, { type: 'instance' }>;

const ENDPOINTS = 'dubbo.endpoints';
const REVISION = 'dubbo.metadata.revision';
const STORAGE = 'dubbo.metadata.storage-type';
const URL_PARAMS = 'dubbo.metadata-service.url-params';

/** Reads an instance of an application. Never throws; what isn't Dubbo's is `other`. */
export function decodeInstance(
  registry: string,
  application: string,
  node: ZNode,
): DecodedInstance {
  const { path, data } = node;
  // `/services` holds Spring's and Curator's instances too: they aren't ours to complain about.
  if (data.length > MAX_DATA || !data.includes('dubbo')) return { type: 'other' };
  const json = parseObject(data.toString());
  if (json === undefined || kindOf(json) !== 'dubbo') return { type: 'other' };
  const { port, payload } = json;
  // Dubbo writes IPv6 addresses in brackets.
  const address = typeof json.address === 'string' ? withoutBrackets(json.address) : undefined;
  if (!isHost(address))
    return problem(path, 'bad-address', `"address" is ${shown(json.address)}, no host name or IP`);
  const metadata = new Map(
    Object.entries(textOf(isObject(payload) ? payload.metadata : undefined)),
  );
  const ports = portsOf(metadata.get(ENDPOINTS));
  if (ports.size === 0 && !isPort(port))
    return problem(path, 'bad-address', `"port" is ${shown(port)}, no port`);
  return {
    type: 'instance',
    instance: {
      application,
      host: withoutZone(address),
      port: isPort(port) ? port : undefined,
      ports,
      revision: metadata.get(REVISION) ?? '',
      storage: metadata.get(STORAGE) === 'remote' ? 'remote' : 'local',
      metadataService: metadataServiceOf(metadata.get(URL_PARAMS)),
      since: sinceOf(metadata),
      parameters: new Map([...metadata].filter(([name]) => !isOfTheRegistry(name))),
      origin: originOf(registry, node),
    },
  };
}

/** Metadata that only says how to find the rest. */
function isOfTheRegistry(name: string): boolean {
  return name === ENDPOINTS || name === 'meta-v' || name.startsWith('dubbo.metadata');
}

/** `[{"port":20880,"protocol":"dubbo"}]`; what is none of this is left out. */
function portsOf(text: string | undefined): Map<string, number> {
  const ports = new Map<string, number>();
  const list = parseObject(`{"list":${text ?? '[]'}}`)?.list;
  for (const endpoint of Array.isArray(list) ? list : [])
    if (isObject(endpoint) && typeof endpoint.protocol === 'string' && isPort(endpoint.port))
      ports.set(endpoint.protocol, endpoint.port);
  return ports;
}

function metadataServiceOf(text: string | undefined): MetadataService | undefined {
  const { protocol, port, version = '' } = textOf(parseObject(text ?? ''));
  const number = Number(port);
  return protocol === undefined || !isPort(number)
    ? undefined
    : { protocol, port: number, version };
}
