import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import type { Registration } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import type { NerveInstance } from './instance.ts';

/** nerve's own settings, which stand in the metadata of what is registered; all else are labels. */
const SETTINGS = new Set(['haproxy_server_options', 'use_path_encoding']);

/** What nerve's fields say of an instance besides its address, in nerve's order. */
export type Fields = Partial<
  Pick<NerveInstance, 'weight' | 'haproxy_server_options'> & {
    readonly labels: Readonly<Record<string, string>>;
  }
>;

/**
 * A registration in nerve's fields.
 * @throws RegistryError UNWRITABLE for a health or a weight that nerve can't say
 */
export function fieldsOf({
  weight,
  health,
  metadata = {},
  locality,
  protocol,
}: Pick<Registration, 'weight' | 'health' | 'metadata' | 'locality' | 'protocol'>): Fields {
  if (health === 'draining' || health === 'unhealthy')
    throw new RegistryError(
      'UNWRITABLE',
      `nerve registers only what is healthy: deregister what is ${health}, or drain it by an overlay`,
    );
  const options = metadata.haproxy_server_options;
  const labels = {
    ...Object.fromEntries(Object.entries(metadata).filter(([key]) => !SETTINGS.has(key))),
    ...(locality?.region && { region: locality.region }),
    ...(locality?.zone && { zone: locality.zone }),
    ...(protocol !== undefined && protocol !== 'http' && { protocol }),
  };
  return {
    ...(weight !== undefined && { weight: wholeOf(weight) }),
    ...(options !== undefined && { haproxy_server_options: options }),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

function wholeOf(weight: number): number {
  if (!(weight >= 0 && weight % DEFAULT_WEIGHT === 0))
    throw new RegistryError(
      'UNWRITABLE',
      `nerve's weights are whole numbers, 1 for our ${DEFAULT_WEIGHT}: write a multiple of ${DEFAULT_WEIGHT} instead of ${weight}`,
    );
  return weight / DEFAULT_WEIGHT;
}
