import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';
import { encodeJson } from '../curator/encode.ts';
import { isObject, parseObject } from '../decode/json.ts';
import type { Entry, Revision } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { checkParameters, healthOf, wholeOf } from './provider.ts';
import { parseUrl, withParameters } from './url.ts';
import { decode, encode } from './url-encoding.ts';

/**
 * A registered provider with something changed. A URL is its znode's name, so that its path changes;
 * an instance of an application keeps its path. Whatever else they say stays.
 * @throws RegistryError UNWRITABLE when there is no place for it
 */
export function reviseProvider(
  entry: Pick<Entry, 'path' | 'data'>,
  revision: Revision,
): Pick<Entry, 'path' | 'data'> {
  const directory = parentOf(entry.path);
  if (directory.endsWith('/providers')) return reviseUrl(entry, directory, revision);
  return { path: entry.path, data: reviseInstance(entry.data, revision) };
}

function reviseUrl(
  { path, data }: Pick<Entry, 'path' | 'data'>,
  directory: string,
  { weight, health, metadata = {} }: Revision,
): Pick<Entry, 'path' | 'data'> {
  const text = decode(path.slice(directory.length + 1));
  const url = text === undefined ? undefined : parseUrl(text, false);
  if (text === undefined || url === undefined)
    throw new RegistryError('UNWRITABLE', 'there is no provider that could be changed');
  const { parameters } = url;
  const changes = new Map<string, string | undefined>(Object.entries(metadata));
  // What an endpoint's metadata says besides parameters isn't the URL's.
  for (const name of ['protocol', 'path']) if (!parameters.has(name)) changes.delete(name);
  if (weight !== undefined && (weight !== DEFAULT_WEIGHT || parameters.has('weight')))
    changes.set('weight', wholeOf(weight));
  if (health !== undefined) for (const [name, value] of healthOf(health)) changes.set(name, value);
  checkParameters(changes);
  return { path: `${directory}/${encode(withParameters(text, changes))}`, data };
}

/** What holds for all services of the instance that don't state it themselves. */
function reviseInstance(data: Buffer, { weight, health, metadata }: Revision): Buffer {
  const json = parseObject(data.toString());
  const payload = isObject(json?.payload) ? json.payload : undefined;
  if (json === undefined || payload === undefined)
    throw new RegistryError('UNWRITABLE', 'there is no instance that could be changed');
  const parameters = new Map<string, unknown>(
    Object.entries(isObject(payload.metadata) ? payload.metadata : {}),
  );
  for (const [name, value] of Object.entries(metadata ?? {})) parameters.set(name, value);
  if (weight !== undefined) parameters.set('weight', wholeOf(weight));
  if (health !== undefined)
    for (const [name, value] of healthOf(health))
      if (value === undefined) parameters.delete(name);
      else parameters.set(name, value);
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  return encodeJson({ ...json, payload: { ...payload, metadata: Object.fromEntries(sorted) } });
}
