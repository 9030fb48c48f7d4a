import { parseExactly } from '../decode/exact-json.ts';
import { isObject } from '../decode/json.ts';
import type { Entry, Revision } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { weightOf } from './encode.ts';
import { parseList, parseNode } from './node.ts';

/**
 * A list of one instance with something changed in it; whatever else it says stays.
 * @throws RegistryError UNWRITABLE when there is none or another, or the weight isn't known
 */
export function reviseList(
  { path, data }: Pick<Entry, 'path' | 'data'>,
  { weight, health, metadata }: Revision,
): Pick<Entry, 'path' | 'data'> {
  const list = parseExactly(data.toString());
  const [only, ...others] = Array.isArray(list) ? list : [];
  const node = parseNode(parseList(data.toString())?.[0]);
  if (!isObject(only) || others.length > 0 || typeof node === 'string')
    throw new RegistryError('UNWRITABLE', 'there is no single instance that could be changed');
  const drained = health === 'draining' || health === 'unhealthy';
  if (health !== undefined && !drained && weight === undefined && node.weight === 0)
    throw new RegistryError('UNWRITABLE', 'drained it has no weight left: state the weight, too');
  const known = isObject(only.metadata) ? only.metadata : {};
  const changed = {
    ...only,
    ...((weight !== undefined || drained) && {
      weight: weightOf({ health, ...(weight !== undefined && { weight }) }),
    }),
    ...(metadata && { metadata: { ...known, ...metadata } }),
  };
  return { path, data: Buffer.from(JSON.stringify([changed])) };
}
