import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import type { Registration } from '../dialect.ts';

/** What Spring keeps in an instance's metadata: the status last, as Spring writes it. */
export function metadataOf({
  weight,
  health,
  metadata,
  locality,
  protocol,
}: Pick<Registration, 'weight' | 'health' | 'metadata' | 'locality' | 'protocol'>): Record<
  string,
  string
> {
  return {
    ...metadata,
    ...(locality?.region && { region: locality.region }),
    ...(locality?.zone && { zone: locality.zone }),
    ...(protocol !== undefined && protocol !== 'http' && { protocol }),
    ...(weight !== undefined && { weight: String(weight / DEFAULT_WEIGHT) }),
    ...(health !== undefined && {
      instance_status: health === 'draining' || health === 'unhealthy' ? 'OUT_OF_SERVICE' : 'UP',
    }),
  };
}
