import type {
  Endpoint,
  Locality,
  LocalitySettings,
  Place,
  ServiceSettings,
} from '@meshkeeper/mesh';
import { isIn } from './parts.ts';

type Failover = Extract<LocalitySettings, { mode: 'failover' }>;
type Priorities = Extract<LocalitySettings, { mode: 'priorities' }>;

/** Says which priority an endpoint has, 0 being the first; undefined: none, it takes no requests. */
export type Prioritise = (endpoint: Endpoint) => number | undefined;

/**
 * The priorities that a service's settings give its endpoints; undefined when all have the same.
 * @param caller where the data plane is
 */
export function priorities(
  settings: ServiceSettings | undefined,
  caller: Locality,
): Prioritise | undefined {
  const locality = settings?.locality;
  switch (locality?.mode) {
    case 'failover':
      return nearness(locality, caller);
    case 'priorities':
      return stated(locality, settings?.subsets ?? []);
    case 'weighted':
      return ({ locality: at }) =>
        locality.weights.some((place) => place.weight > 0 && isAt(at, place)) ? 0 : undefined;
    default:
      return undefined;
  }
}

/** Whether the priorities are another for callers elsewhere. */
export function dependsOnCaller(settings: ServiceSettings | undefined): boolean {
  return settings?.locality?.mode === 'failover';
}

/** The weight of a locality among the others; undefined when its endpoints' weights say it. */
export function localityWeight(
  settings: ServiceSettings | undefined,
  at: Locality,
): number | undefined {
  if (settings?.locality?.mode !== 'weighted') return undefined;
  return settings.locality.weights.find((place) => isAt(at, place))?.weight;
}

/** Whether somewhere is in a place, as far as the place is stated. */
function isAt({ region, zone, subzone }: Locality, place: Place): boolean {
  return (
    (place.region === undefined || place.region === region) &&
    (place.zone === undefined || place.zone === zone) &&
    (place.subzone === undefined || place.subzone === subzone)
  );
}

function nearness({ order, regions }: Failover, caller: Locality): Prioritise {
  const takeOver = regions.find(({ from }) => from === caller.region)?.to ?? [];
  const steps: ((at: Locality) => boolean)[] = [];
  for (const near of order) {
    if (near === 'anywhere') {
      for (const region of takeOver) steps.push((at) => at.region === region);
      steps.push(() => true);
    } else steps.push((at) => isNear(near, at, caller));
  }
  // Regions that take over are stated: they do so without `anywhere` too, the last.
  if (!order.includes('anywhere'))
    for (const region of takeOver) steps.push((at) => at.region === region);
  return ({ locality }) => {
    const at = steps.findIndex((fits) => fits(locality));
    return at === -1 ? undefined : at;
  };
}

/** Who doesn't say where it is, is near to nobody. */
function isNear(near: 'subzone' | 'zone' | 'region', at: Locality, caller: Locality): boolean {
  if (at.region !== caller.region) return false;
  if (near === 'region') return caller.region !== '';
  if (at.zone !== caller.zone) return false;
  if (near === 'zone') return caller.zone !== '';
  return at.subzone === caller.subzone && caller.subzone !== '';
}

function stated(
  { priorities: places }: Priorities,
  subsets: ServiceSettings['subsets'],
): Prioritise {
  const byName = new Map(subsets.map((subset) => [subset.name, subset]));
  return (endpoint) => {
    const at = places.findIndex(({ subset: name, ...place }) => {
      const subset = name === undefined ? undefined : byName.get(name);
      if (name !== undefined && (subset === undefined || !isIn(subset, endpoint))) return false;
      return isAt(endpoint.locality, place);
    });
    return at === -1 ? places.length : at;
  };
}
