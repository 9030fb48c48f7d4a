/** Where a caller's requests go, its own locality first. */
export type ZoneRoute =
  /** Anywhere: localities are of no use here. */
  | { readonly type: 'anywhere' }
  /** To the own locality. */
  | { readonly type: 'own' }
  /**
   * `own` in ten thousand to the own locality; the rest to the others in proportion to what each has
   * left (`capacity`, by the order of `upstream`).
   */
  | { readonly type: 'split'; readonly own: number; readonly capacity: readonly number[] };

/** What {@link zoneRoute} goes by: endpoints, by locality. */
export interface Zones {
  /** The caller's locality. */
  readonly own: string;
  /** How many instances the calling service has in each locality. */
  readonly callers: ReadonlyMap<string, number>;
  /** How many healthy endpoints the called service has in each locality. */
  readonly upstream: ReadonlyMap<string, number>;
  /** With fewer healthy endpoints than this, requests go anywhere. Default 6 (Envoy's). */
  readonly minClusterSize?: number;
}

/** Shares are in ten thousandths, as Envoy's. */
const WHOLE = 10_000;

/**
 * Envoy's zone-aware routing (`ZoneAwareLoadBalancerBase::regenerateLocalityRoutingStructures`): requests
 * stay in their locality as far as that leaves every endpoint with the same load, supposing that all
 * callers send alike. Of the first priority only.
 */
export function zoneRoute({ own, callers, upstream, minClusterSize = 6 }: Zones): ZoneRoute {
  const healthy = total(upstream);
  if (upstream.size < 2 || callers.size < 2 || !callers.get(own) || healthy < minClusterSize) {
    return { type: 'anywhere' };
  }
  const all = total(callers);
  const share = (count: number | undefined, of: number) => Math.floor((WHOLE * (count ?? 0)) / of);
  const here = share(upstream.get(own), healthy);
  const sent = share(callers.get(own), all);
  if (here > 0 && here >= sent) return { type: 'own' };
  const capacity = [...upstream].map(([locality, count]) => {
    const left = share(count, healthy) - share(callers.get(locality), all);
    return locality === own ? 0 : Math.max(0, left);
  });
  return { type: 'split', own: sent > 0 ? Math.floor((here * WHOLE) / sent) : 0, capacity };
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
