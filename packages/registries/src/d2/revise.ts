import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { encodeJson } from '../curator/encode.ts';
import { double, parseExactly } from '../decode/exact-json.ts';
import { isObject, type JsonObject, parseObject } from '../decode/json.ts';
import type { Entry, Revision } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { weightsOf } from './decode.ts';
import { propertiesOf } from './encode.ts';

/**
 * A server's announcement with something changed in it; whatever else it says stays, to the letter.
 * Of several partitions, the weights stay in proportion.
 * @throws RegistryError UNWRITABLE when there is no announcement
 */
export function reviseAnnouncement(
  { path, data }: Pick<Entry, 'path' | 'data'>,
  { weight, health, metadata }: Revision,
): Pick<Entry, 'path' | 'data'> {
  const known = parseObject(data.toString());
  const json = parseExactly(data.toString());
  const [announced, ...others] = Object.entries((known && weightsOf(known)) ?? {});
  if (!isObject(json) || announced === undefined || others.length > 0)
    throw new RegistryError('UNWRITABLE', 'there is no announcement that could be changed');
  const [uri, before] = announced;
  const most = Math.max(...Object.values(before));
  const share = (was: number) =>
    double(((weight ?? 0) / DEFAULT_WEIGHT) * (most > 0 ? was / most : 1));
  const weighed = weight !== undefined && {
    ...(isObject(json.weights) && { weights: { [uri]: share(most) } }),
    ...(isObject(json.partitionDesc) && {
      partitionDesc: {
        [uri]: Object.fromEntries(
          Object.entries(before).map(([partition, was]) => [partition, { weight: share(was) }]),
        ),
      },
    }),
  };
  const said = { ...propertiesIn(json)[uri], ...propertiesOf({ health, metadata }) };
  if (health === 'healthy' || health === 'unknown') delete said.doNotLoadBalance;
  const uriSpecificProperties =
    health === undefined && metadata === undefined
      ? undefined
      : { ...propertiesIn(json), [uri]: said };
  return {
    path,
    data: encodeJson({
      ...json,
      ...weighed,
      ...(uriSpecificProperties && { uriSpecificProperties }),
    }),
  };
}

function propertiesIn({
  uriSpecificProperties,
}: JsonObject): Record<string, Record<string, unknown>> {
  if (!isObject(uriSpecificProperties)) return {};
  return Object.fromEntries(
    Object.entries(uriSpecificProperties).map(([uri, said]) => [uri, isObject(said) ? said : {}]),
  );
}
