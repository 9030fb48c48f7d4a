import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { isHost, isPort, withoutZone } from '../decode/address.ts';
import { type JsonObject, parseObject, shown, textOf } from '../decode/json.ts';
import { statedLocality } from '../decode/locality.ts';
import { isDirectoryData, problem, tooLarge } from '../decode/problem.ts';
import { statedProtocol } from '../decode/protocol.ts';
import type { Decoded, ReadingOptions } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { parseEncodedName } from './path-encoding.ts';

/** HAProxy's, of a server that states none. */
const HAPROXY_WEIGHT = 1;
/** What nerve's names end with, unless it was told to number none. */
const NUMBERED = /_\d{10}$/;

/** Reads an instance of nerve, from its name where that tells it, as synapse does. Never throws. */
export function decodeInstance(
  { registry, locality }: Pick<ReadingOptions, 'registry' | 'locality'>,
  name: string,
  { path, data, stat }: ZNode,
): Decoded {
  const encoded = parseEncodedName(name);
  const isInstance = encoded !== undefined || NUMBERED.test(name);
  if (encoded === undefined) {
    if (isDirectoryData(data)) return { type: 'other' };
    const excess = tooLarge(path, data);
    if (excess !== undefined) return isInstance ? excess : { type: 'other' };
  }
  const json = encoded?.json ?? parseObject(data.toString());
  // Beside instances there are directories, whose data is for synapse's generators.
  if (!isInstance && (json === undefined || !('host' in json && 'port' in json)))
    return { type: 'other' };
  if (json === undefined) return problem(path, 'malformed', 'its data is no JSON object');
  const { host, port } = json;
  if (!isHost(host))
    return problem(path, 'bad-address', `"host" is ${shown(host)}, no host name or IP`);
  if (!isPort(port)) return problem(path, 'bad-address', `"port" is ${shown(port)}, no port`);
  const labels = textOf(json.labels);
  const options = json.haproxy_server_options;
  const protocol = statedProtocol(labels);
  return {
    type: 'instance',
    endpoint: {
      id: encoded === undefined ? name : `${nameOf(json) ?? `${host}:${port}`}_${encoded.number}`,
      address: withoutZone(host),
      port,
      weight: weightOf(json.weight),
      locality: statedLocality(labels, locality),
      health: 'unknown',
      metadata: {
        ...labels,
        ...(typeof options === 'string' && { haproxy_server_options: options }),
      },
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    },
    ...(protocol && { protocol }),
  };
}

/** The name that an instance has, when it could be a znode's. */
export function nameOf({ name }: JsonObject): string | undefined {
  return typeof name === 'string' && /^[^/\p{Cc}\p{Cs}]{1,255}$/u.test(name) ? name : undefined;
}

function weightOf(weight: unknown): number {
  return typeof weight === 'number' && weight >= 0 && weight <= 10_000
    ? Math.round((weight / HAPROXY_WEIGHT) * DEFAULT_WEIGHT)
    : DEFAULT_WEIGHT;
}
