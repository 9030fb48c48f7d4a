import { joinPath, parentOf } from '@meshkeeper/zookeeper';
import { isObject, parseObject } from '../decode/json.ts';
import type { Entry, Revision } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { fieldsOf } from './fields.ts';
import { encodedName, parseEncodedName } from './path-encoding.ts';

/**
 * A registered instance with something changed. Where the name tells the data, the path changes, and
 * keeps its number.
 * @throws RegistryError UNWRITABLE when there is no instance, or nerve can't say it
 */
export function reviseInstance(
  { path, data }: Pick<Entry, 'path' | 'data'>,
  revision: Revision,
): Pick<Entry, 'path' | 'data'> {
  const parent = parentOf(path);
  const encoded = parseEncodedName(path.slice(path.lastIndexOf('/') + 1));
  const json = encoded?.json ?? parseObject(data.toString());
  if (json === undefined)
    throw new RegistryError('UNWRITABLE', 'there is no instance that could be changed');
  const { labels, ...fields } = fieldsOf(revision);
  const before = isObject(json.labels) ? json.labels : {};
  const changed = Buffer.from(
    JSON.stringify({ ...json, ...fields, ...(labels && { labels: { ...before, ...labels } }) }),
  );
  if (encoded === undefined) return { path, data: changed };
  const name = encodedName(changed);
  if (name === undefined)
    throw new RegistryError('UNWRITABLE', 'there is more than the name of a znode may tell');
  return { path: joinPath(parent, `${name}${encoded.number}`), data: changed };
}
