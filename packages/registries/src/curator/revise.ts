import { isObject, parseObject } from '../decode/json.ts';
import type { Revision } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { encodeJson } from './encode.ts';
import { metadataOf } from './metadata.ts';

/**
 * An instance's data with something changed in it, as a setData of the original would leave it:
 * every field that isn't concerned stays, in its place.
 * @throws RegistryError UNWRITABLE when there is no place for it
 */
export function reviseInstance(data: Buffer, revision: Revision): Buffer {
  const json = parseObject(data.toString());
  if (json === undefined)
    throw new RegistryError('UNWRITABLE', 'there is no instance that could be changed');
  const { payload } = json;
  const wanted = metadataOf(revision);
  if (isObject(payload)) {
    const at = isObject(payload.metadata) ? payload.metadata : undefined;
    const metadata = { ...at, ...wanted };
    const changed = at ? { ...payload, metadata } : { ...payload, ...metadata };
    return encodeJson({ ...json, payload: changed });
  }
  const { instance_status: status, ...others } = wanted;
  if (Object.keys(others).length > 0)
    throw new RegistryError(
      'UNWRITABLE',
      'an instance of Curator has no place for a weight or metadata: register it with the dialect spring',
    );
  return encodeJson(status === undefined ? json : { ...json, enabled: status === 'UP' });
}
