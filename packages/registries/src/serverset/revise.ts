import { randomUUID } from 'node:crypto';
import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { isObject, parseObject } from '../decode/json.ts';
import type { Entry, Revision } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { decimal, metadataOf, shardOf } from './encode.ts';
import { encodeGson } from './gson.ts';
import { statusOf } from './health.ts';
import { VECTOR } from './member.ts';

/**
 * A member with its status or its metadata changed, or a vector of one weight with another; whatever
 * else they say stays.
 * @throws RegistryError UNWRITABLE when there is no place for it
 */
export function reviseEntry(
  { path, data }: Pick<Entry, 'path' | 'data'>,
  revision: Revision,
): Pick<Entry, 'path' | 'data'> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return {
    path,
    data: name.startsWith(VECTOR) ? reviseVector(data, revision) : reviseMember(data, revision),
  };
}

function reviseMember(data: Buffer, { weight, health, metadata: wanted }: Revision): Buffer {
  const json = parseObject(data.toString());
  if (json === undefined)
    throw new RegistryError('UNWRITABLE', 'there is no member that could be changed');
  if (weight !== undefined)
    throw new RegistryError(
      'UNWRITABLE',
      "a member of a serverset states no weight: change its vector's, or use an overlay",
    );
  const { shard, ...stated } = metadataOf({ metadata: wanted ?? {} });
  const metadata = { ...(isObject(json.metadata) && json.metadata), ...stated };
  return encodeGson({
    ...json,
    ...(health !== undefined && { status: statusOf(health) }),
    ...(shard !== undefined && { shard: shardOf(shard) }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  });
}

function reviseVector(data: Buffer, { weight, health, metadata }: Revision): Buffer {
  const json = parseObject(data.toString());
  const [only, ...others] = Array.isArray(json?.vector) ? json.vector : [];
  if (!isObject(only) || others.length > 0 || health !== undefined || metadata !== undefined)
    throw new RegistryError(
      'UNWRITABLE',
      'of vectors, only the weight of one with a single weight can be changed',
    );
  if (weight === undefined) return data;
  // JSON.stringify writes 2 for 2.0.
  const place = randomUUID();
  const text = JSON.stringify({ ...json, vector: [{ ...only, weight: place }] });
  return Buffer.from(text.replace(`"${place}"`, decimal(weight / DEFAULT_WEIGHT)));
}
