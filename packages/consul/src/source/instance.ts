import {
  DEFAULT_WEIGHT,
  type Endpoint,
  markOf,
  NO_LOCALITY,
  type Problem,
  type Protocol,
} from '@meshkeeper/mesh';
import type { HealthRecord } from '../client/records.ts';
import { fitnessOf } from './health.ts';

/** The metadata of an instance that says by which source, and on which node, Consul has it. */
export const NODE_KEY = 'consul.node';
/** What is before a tag in the metadata; its value is `true`. */
export const TAG_KEY = 'consul.tag.';
/** An instance of Consul's weight 1 is like one whose registry says nothing of it. */
export const WEIGHT_UNIT = DEFAULT_WEIGHT;

/** How instances are read. */
export interface InstanceOptions {
  /** The source's name. */
  readonly registry: string;
  readonly datacenter: string;
  /** Whether ids say the datacentre: several are read. */
  readonly several: boolean;
  readonly taggedAddress?: string | undefined;
}

/** What was made of an instance. */
export type Decoded =
  | { readonly type: 'endpoint'; readonly endpoint: Endpoint; readonly protocol?: Protocol }
  /** A mesh has written it, or it is none that takes requests. */
  | { readonly type: 'skipped' }
  | { readonly type: 'problem'; readonly problem: Problem };

const PROTOCOLS: ReadonlySet<string> = new Set<Protocol>(['http', 'http2', 'grpc', 'tcp', 'dubbo']);

/** Where the requests of an instance go to: an IP address, or a name that whoever runs the source looks up. */
function addressOf(
  { Node, Service }: HealthRecord,
  tag: string | undefined,
): Pick<Endpoint, 'address' | 'port'> {
  const tagged = tag === undefined ? undefined : Service.TaggedAddresses[tag];
  const onNode = (tag === undefined ? undefined : Node.TaggedAddresses[tag]) || Node.Address;
  return {
    address: tagged?.Address || Service.Address || onNode,
    port: tagged?.Port || Service.Port,
  };
}

/** The endpoint of an instance. Pure. */
export function decodeInstance(record: HealthRecord, options: InstanceOptions): Decoded {
  const { Node, Service, Checks } = record;
  // Proxies and gateways of Consul's own mesh.
  if (Service.Kind !== '') return { type: 'skipped' };
  if (markOf({ id: Service.ID, metadata: Service.Meta }) !== undefined) return { type: 'skipped' };
  const { registry, datacenter, several } = options;
  const path = `Consul ${datacenter}/${Node.Node}/${Service.ID}`;
  const { address, port } = addressOf(record, options.taggedAddress);
  const fault = (message: string): Decoded => ({
    type: 'problem',
    problem: { path, code: 'bad-address', message, services: [Service.Service] },
  });
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return fault(`its port is ${port}: an instance that takes requests has one from 1 to 65535`);
  if (address === '') return fault('neither it nor its node has an address');
  const { health, warning } = fitnessOf(Checks);
  const { Passing, Warning } = Service.Weights ?? { Passing: 1, Warning: 1 };
  const stated = Service.Locality ?? Node.Locality;
  const endpoint: Endpoint = {
    id: `${several ? `${datacenter}/` : ''}${Node.Node}/${Service.ID}`,
    address,
    port,
    weight: WEIGHT_UNIT * (warning ? Warning : Passing),
    locality: { ...NO_LOCALITY, region: stated?.Region || datacenter, zone: stated?.Zone ?? '' },
    health,
    metadata: {
      ...Service.Meta,
      ...Object.fromEntries(Service.Tags.map((tag) => [`${TAG_KEY}${tag}`, 'true'])),
      [NODE_KEY]: `${registry}/${datacenter}/${Node.Node}`,
    },
    origin: { registry, path, version: String(Service.ModifyIndex) },
  };
  const { protocol } = Service.Meta;
  return { type: 'endpoint', endpoint, ...(isProtocol(protocol) && { protocol }) };
}

function isProtocol(text: string | undefined): text is Protocol {
  return text !== undefined && PROTOCOLS.has(text);
}
