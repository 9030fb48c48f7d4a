import type { Endpoint, Locality } from '../model/endpoint.ts';
import { isIn } from './members.ts';
import type { LocalitySettings, Place } from './model/locality-settings.ts';
import type { ServiceSettings } from './model/service-settings.ts';

type Failover = Extract<LocalitySettings, { mode: 'failover' }>;
type Priorities = Extract<LocalitySettings, { mode: 'priorities' }>;

/** Says which priority an endpoint has, 0 being the first; undefined: none, it takes no requests. */
export type Prioritise = (endpoint: Endpoint) => number | undefined;

/**
 * The priorities that a service's settings give its endpoints; undefined when all have the same.
 * @param caller where the requests come from
 */
export function priorities(
  settings: Pick<ServiceSettings, 'locality' | 'subsets'> | undefined,
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

/** A locality, or a part of one, with endpoints of that weight together. */
interface Weighed {
  readonly locality: Locality;
  readonly total: number;
}

/**
 * The weights of localities that are stated, by place: what a place has is shared by the localities in
 * it, in proportion to their endpoints. Undefined when the endpoints' weights say it.
 */
export function localityWeights(
  settings: Pick<ServiceSettings, 'locality'> | undefined,
  localities: readonly Weighed[],
): readonly number[] | undefined {
  if (settings?.locality?.mode !== 'weighted') return undefined;
  const { weights } = settings.locality;
  const placeOf = ({ locality }: Weighed) => weights.findIndex((place) => isAt(locality, place));
  const totals = new Map<number, number>();
  for (const each of localities) {
    const place = placeOf(each);
    totals.set(place, (totals.get(place) ?? 0) + each.total);
  }
  const used = [...totals.keys()].reduce((sum, place) => sum + (weights[place]?.weight ?? 0), 0);
  // Shares are whole numbers, which data planes add up in 32 bits.
  const isShared = totals.size < localities.length;
  const scale = isShared ? Math.min(1000, Math.floor(0x7fff_ffff / Math.max(1, used))) : 1;
  return localities.map((each) => {
    const place = placeOf(each);
    const share = each.total / Math.max(1, totals.get(place) ?? 0);
    return Math.round((weights[place]?.weight ?? 0) * scale * share);
  });
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
