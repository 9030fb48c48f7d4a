import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { addressKey } from '../decode/address.ts';
import { isObject, type JsonObject, parseObject, textOf } from '../decode/json.ts';
import { statedLocality } from '../decode/locality.ts';
import { problem, tooLarge } from '../decode/problem.ts';
import { statedProtocol } from '../decode/protocol.ts';
import type { Decoded, ReadingOptions } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { parseUri } from './uri.ts';

/** The partition of a cluster that has none. */
export const UNPARTITIONED = '0';
/** What the metadata of a server begins with for each of its partitions; the value is `true`. */
export const PARTITION = 'partition.';
/** No weight is more than 10,000 times that of others. */
const MAX_WEIGHT = 10_000;

/** Reads a server's announcement. Never throws. */
export function decodeAnnouncement(
  { registry, locality }: Pick<ReadingOptions, 'registry' | 'locality'>,
  { path, data, stat }: ZNode,
): Decoded {
  const excess = tooLarge(path, data);
  if (excess !== undefined) return excess;
  const json = parseObject(data.toString());
  const weights = json && weightsOf(json);
  if (weights === undefined)
    return problem(path, 'malformed', 'its data is no JSON object with the weight of a URI');
  const [first, ...others] = Object.entries(weights);
  if (first === undefined || others.length > 0)
    return problem(path, 'malformed', `it has ${others.length + (first ? 1 : 0)} URIs, not one`);
  const [text, byPartition] = first;
  const uri = parseUri(text);
  if (typeof uri === 'string') return problem(path, 'bad-address', uri);
  const partitions = Object.keys(byPartition);
  if (partitions.length === 0)
    return problem(path, 'malformed', 'it says no weight that could be used');
  const said = isObject(json?.uriSpecificProperties) ? json.uriSpecificProperties[text] : {};
  const properties = textOf(said);
  const isPartitioned = partitions.some((partition) => partition !== UNPARTITIONED);
  const protocol = statedProtocol(properties);
  return {
    type: 'instance',
    endpoint: {
      id: addressKey(uri.host, uri.port),
      address: uri.host,
      port: uri.port,
      weight: Math.round(Math.max(...Object.values(byPartition)) * DEFAULT_WEIGHT),
      locality: statedLocality(properties, locality),
      health: properties.doNotLoadBalance === 'true' ? 'draining' : 'unknown',
      metadata: {
        ...properties,
        ...(isPartitioned &&
          Object.fromEntries(partitions.map((partition) => [`${PARTITION}${partition}`, 'true']))),
        ...(uri.scheme !== 'http' && { scheme: uri.scheme }),
        ...(uri.path !== '' && { path: uri.path }),
      },
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    },
    ...(protocol && { protocol }),
  };
}

/** Weights by URI, by partition; as for D2, `partitionDesc` goes before `weights`. */
export function weightsOf(json: JsonObject): Record<string, Record<string, number>> | undefined {
  const { partitionDesc, weights } = json;
  if (isObject(partitionDesc) && Object.keys(partitionDesc).length > 0)
    return mapped(partitionDesc, (partitions) =>
      isObject(partitions)
        ? weighed(mapped(partitions, (each) => (isObject(each) ? each.weight : undefined)))
        : {},
    );
  if (!isObject(weights)) return undefined;
  return mapped(weights, (weight) => weighed({ [UNPARTITIONED]: weight }));
}

/** The weights that can be used, by partition. */
function weighed(weights: Readonly<Record<string, unknown>>): Record<string, number> {
  const known: Record<string, number> = {};
  for (const [partition, weight] of Object.entries(weights))
    if (/^\d{1,9}$/.test(partition) && typeof weight === 'number' && weight >= 0)
      known[partition] = Math.min(MAX_WEIGHT, weight);
  return known;
}

function mapped<T>(object: JsonObject, change: (value: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
