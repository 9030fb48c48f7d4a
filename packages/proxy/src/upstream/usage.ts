import type { ClusterUsage } from '@meshkeeper/xds';
import type { Endpoint } from './endpoint.ts';

/** Requests to one endpoint, since they were asked for last. */
export class Usage {
  issued = 0;
  succeeded = 0;
  failed = 0;

  /** What there was, of which the next call says nothing. */
  take(): Pick<Usage, 'issued' | 'succeeded' | 'failed'> {
    const { issued, succeeded, failed } = this;
    this.issued = 0;
    this.succeeded = 0;
    this.failed = 0;
    return { issued, succeeded, failed };
  }
}

type Place = ClusterUsage['localities'][number];
type Told = Place['endpoints'][number];

/**
 * What was sent to a cluster, by locality and priority; endpoints without any requests are left out, as
 * Envoy does.
 */
export function takeUsage(
  cluster: string,
  dropped: number,
  endpoints: Iterable<Endpoint>,
): ClusterUsage {
  const places = new Map<string, Place & { readonly endpoints: Told[] }>();
  for (const { address, port, target, usage, load } of endpoints) {
    const counts = { ...usage.take(), inProgress: load?.active ?? 0 };
    if (counts.issued + counts.succeeded + counts.failed + counts.inProgress === 0) continue;
    const { locality, priority } = target;
    const key = [priority, locality.region, locality.zone, locality.subzone].join('\0');
    const { issued, succeeded, failed, inProgress, ...place } = places.get(key) ?? {
      ...{ locality, priority, endpoints: [] },
      ...{ issued: 0, succeeded: 0, failed: 0, inProgress: 0 },
    };
    place.endpoints.push({ address, port, ...counts });
    places.set(key, {
      ...place,
      issued: issued + counts.issued,
      succeeded: succeeded + counts.succeeded,
      failed: failed + counts.failed,
      inProgress: inProgress + counts.inProgress,
    });
  }
  return { cluster, dropped, localities: [...places.values()] };
}
