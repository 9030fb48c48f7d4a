import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { isHost, isPort, withoutZone } from '../decode/address.ts';
import { isObject, parseObject, shown, textOf } from '../decode/json.ts';
import { statedLocality } from '../decode/locality.ts';
import { isDirectoryData, problem, tooLarge } from '../decode/problem.ts';
import { statedProtocol } from '../decode/protocol.ts';
import type { Decoded, ReadingOptions } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { kindOf } from './kind.ts';

/** What Spring Cloud LoadBalancer takes the weight of an instance that states none as. */
const SPRING_WEIGHT = 1;

/** Reads an instance of Curator or Spring Cloud Zookeeper. Never throws. */
export function decodeInstance(
  { registry, locality }: Pick<ReadingOptions, 'registry' | 'locality'>,
  id: string,
  { path, data, stat }: ZNode,
): Decoded {
  if (isDirectoryData(data)) return { type: 'other' };
  const excess = tooLarge(path, data);
  if (excess !== undefined) return excess;
  const json = parseObject(data.toString());
  if (json === undefined) return problem(path, 'malformed', 'its data is no JSON object');
  const payload = isObject(json.payload) ? json.payload : undefined;
  const { address } = json;
  if (!isHost(address))
    return problem(path, 'bad-address', `"address" is ${shown(address)}, no host name or IP`);
  // A secure Spring instance is reached at its sslPort.
  const ports = kindOf(json) === 'spring' ? [json.sslPort, json.port] : [json.port, json.sslPort];
  const port = ports.find((value) => value !== null && value !== undefined);
  if (!isPort(port)) return problem(path, 'bad-address', `"port" is ${shown(port)}, no port`);
  const metadata =
    typeof json.payload === 'string'
      ? { payload: json.payload }
      : textOf(payload?.metadata ?? payload);
  const protocol = statedProtocol(metadata);
  const up = json.enabled !== false && /^(up)?$/i.test(metadata.instance_status ?? '');
  return {
    type: 'instance',
    endpoint: {
      id,
      address: withoutZone(address),
      port,
      weight: weightOf(metadata.weight),
      locality: statedLocality(metadata, locality),
      health: up ? 'unknown' : 'draining',
      metadata,
      origin: { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime },
    },
    ...(protocol && { protocol }),
  };
}

/** Spring's `weight` of the metadata, in which 1 is what others have. */
function weightOf(text: string | undefined): number {
  const weight = text === undefined || text === '' ? Number.NaN : Number(text);
  if (!(weight >= 0 && weight <= 10_000)) return DEFAULT_WEIGHT;
  return Math.round((weight / SPRING_WEIGHT) * DEFAULT_WEIGHT);
}
