import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { CreateMode, joinPath } from '@meshkeeper/zookeeper';
import { encodeJson } from '../curator/encode.ts';
import { isHost, isPort } from '../decode/address.ts';
import { double } from '../decode/exact-json.ts';
import type { Entry, Registration } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { PARTITION, UNPARTITIONED } from './decode.ts';
import { isLink, urisOf } from './layout.ts';
import { formatUri } from './uri.ts';

/** What D2 has always called its znodes, before the number. */
const PREFIX = 'ephemoral';
/** What the metadata of a registration names the cluster by, where that isn't the service's name. */
const CLUSTER = 'd2.cluster';

/**
 * A server's announcement, as D2's own announcer writes it; the order of the members is any there,
 * another in each JVM.
 */
export function encodeRegistration(root: string, registration: Registration): readonly Entry[] {
  const { service, address, port, id = PREFIX, weight = DEFAULT_WEIGHT } = registration;
  const {
    [CLUSTER]: cluster = service,
    scheme = 'http',
    ...metadata
  } = registration.metadata ?? {};
  if (isLink(cluster) || !isName(cluster))
    throw unwritable(`"${cluster}" is no cluster: name one by "${CLUSTER}" in the metadata`);
  if (!isName(id)) throw unwritable(`"${id}" can't begin the name of a znode: choose another id`);
  if (!isHost(address) || !isPort(port))
    throw unwritable(`"${address}" and ${port} are no host and port`);
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) throw unwritable(`"${scheme}" is no scheme of a URI`);
  if (!(weight >= 0)) throw unwritable(`${weight} is no weight`);
  const { path, partitions, properties } = partsOf(metadata);
  const uri = formatUri({ scheme, host: address, port, path });
  const said = propertiesOf({ ...registration, metadata: properties });
  const share = double(weight / DEFAULT_WEIGHT);
  const isPartitioned = partitions.some((partition) => partition !== UNPARTITIONED);
  const data = encodeJson({
    // For clients from before there were partitions.
    ...(!isPartitioned && { weights: { [uri]: share } }),
    partitionDesc: {
      [uri]: Object.fromEntries(partitions.map((partition) => [partition, { weight: share }])),
    },
    uriSpecificProperties: Object.keys(said).length > 0 ? { [uri]: said } : {},
    clusterName: cluster,
  });
  return [
    {
      path: joinPath(joinPath(urisOf(root), cluster), `${id}-`),
      data,
      mode: CreateMode.EPHEMERAL_SEQUENTIAL,
      parents: 'persistent',
      // Unless it is told to, D2 doesn't watch the data.
      immutable: true,
    },
  ];
}

/** What is said of a URI besides its weight. */
export function propertiesOf({
  health,
  metadata,
  locality,
  protocol,
}: Pick<Registration, 'health' | 'metadata' | 'locality' | 'protocol'>): Record<string, unknown> {
  return {
    ...metadata,
    ...(locality?.region && { region: locality.region }),
    ...(locality?.zone && { zone: locality.zone }),
    ...(protocol !== undefined && protocol !== 'http' && { protocol }),
    ...((health === 'draining' || health === 'unhealthy') && { doNotLoadBalance: true }),
  };
}

/** What of metadata is the URI's path, what names partitions, and the rest. */
function partsOf(metadata: Readonly<Record<string, string>>) {
  const partitions: string[] = [];
  const properties: Record<string, string> = {};
  let path = '';
  for (const [key, value] of Object.entries(metadata)) {
    const partition = partitionOf(key);
    if (partition !== undefined) partitions.push(partition);
    else if (key === 'path' && /^\/[^?#\s]*$/.test(value)) path = value;
    else properties[key] = value;
  }
  return { path, partitions: partitions.length > 0 ? partitions : [UNPARTITIONED], properties };
}

function partitionOf(key: string): string | undefined {
  const partition = key.startsWith(PARTITION) ? key.slice(PARTITION.length) : '';
  return /^\d{1,9}$/.test(partition) ? partition : undefined;
}

function isName(text: string): boolean {
  return /^[^/\p{Cc}\p{Cs}]{1,200}$/u.test(text) && text !== '.' && text !== '..';
}

function unwritable(message: string): RegistryError {
  return new RegistryError('UNWRITABLE', message);
}
