import {
  type Endpoint,
  type Locality,
  type LocalitySettings,
  priorities,
  priorityLoads,
  type ServiceSettings,
} from '@meshkeeper/mesh';

/** The endpoints of one priority that take requests. */
export interface Level {
  /** The share of the requests that go to it, in percent. */
  readonly load: number;
  /** In the order of the catalog. */
  readonly endpoints: readonly Endpoint[];
}

/** Holds of a caller whose place is known, where the service's policy says nothing of places. */
const NEAREST: LocalitySettings = {
  mode: 'failover',
  order: ['subzone', 'zone', 'region', 'anywhere'],
  regions: [],
  overprovisioning: 140,
};

/**
 * The endpoints that a caller's requests go to, in the order in which they take over from each other:
 * what `ClusterBalancer` does, with its priorities, its spill-over and its panic, as far as names can
 * say it.
 *
 * @param caller where it is; undefined: nobody knows
 */
export function levelsOf(
  endpoints: readonly Endpoint[],
  settings: ServiceSettings | undefined,
  caller: Locality | undefined,
): readonly Level[] {
  const locality = settings?.locality ?? (caller && NEAREST);
  // Nobody is near to who is nowhere.
  const isApplied = locality?.mode !== 'failover' || caller !== undefined;
  const subsets = settings?.subsets ?? [];
  const prioritise =
    locality && isApplied ? priorities({ locality, subsets }, caller ?? NOWHERE) : undefined;
  const groups = new Map<number, Endpoint[]>();
  for (const endpoint of endpoints) {
    if (endpoint.weight <= 0) continue;
    const priority = prioritise === undefined ? 0 : prioritise(endpoint);
    if (priority === undefined) continue;
    const group = groups.get(priority);
    if (group === undefined) groups.set(priority, [endpoint]);
    else group.push(endpoint);
  }
  const sorted = [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
  const counts = sorted.map((all) => ({ healthy: all.filter(isFit).length, all: all.length }));
  const loads = priorityLoads(counts, optionsOf(settings));
  return sorted.map((all, i) => ({
    load: loads[i]!.load,
    endpoints: loads[i]!.panic ? undrained(all) : all.filter(isFit),
  }));
}

const NOWHERE: Locality = { region: '', zone: '', subzone: '' };

function optionsOf(settings: ServiceSettings | undefined) {
  const { locality, panicThreshold } = settings ?? {};
  const hasOwn = locality?.mode === 'failover' || locality?.mode === 'priorities';
  return {
    ...(hasOwn && { overprovisioning: locality.overprovisioning }),
    ...(panicThreshold !== undefined && { panicThreshold }),
  };
}

function isFit({ health }: Endpoint): boolean {
  return health === 'healthy' || health === 'unknown';
}

/** As {@link Level} of mesh's balance: in panic, who drains comes only before nobody. */
function undrained(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const staying = endpoints.filter(({ health }) => health !== 'draining');
  return staying.length > 0 ? staying : endpoints;
}
