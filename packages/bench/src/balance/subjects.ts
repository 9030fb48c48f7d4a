import {
  type Algorithm,
  ClusterBalancer,
  ClusterLoad,
  createBalancer,
  Hash64,
  type Host,
  Hosts,
  NO_LOCALITY,
  type PickContext,
  Xoshiro128,
} from '@meshkeeper/mesh';

/** Something that picks. */
export interface Picker {
  pick(context?: PickContext<Host<number>>): Host<number> | undefined;
}

/** A way to balance over so many endpoints. */
export interface Subject {
  readonly create: (endpoints: number) => Picker;
  /** Requests have a hash. */
  readonly hashing: boolean;
}

const SIXFOLD = (i: number) => 1 + (i % 6);

function hosts(endpoints: number, weight: (i: number) => number, priority = (_: number) => 0) {
  const load = new ClusterLoad({ now: () => performance.now() | 0 });
  const random = new Xoshiro128(1);
  const all = new Hosts<number>(load).update(
    Array.from({ length: endpoints }, (_, item) => ({
      ...{ key: `10.${item >> 16}.${(item >> 8) & 255}.${item & 255}:80`, item },
      ...{ weight: weight(item), priority: priority(item), locality: NO_LOCALITY },
      ...{ health: 'healthy' as const, metadata: {} },
    })),
  );
  // Two requests under way to each, more or less, and a history.
  for (const host of all) {
    host.load.started();
    host.load.finished(1 + random.below(50), 'success');
    for (let n = random.below(5); n > 0; n--) host.load.started();
  }
  return { all, load, random };
}

function algorithm(type: Algorithm, weight = (_: number) => 1): Subject {
  const create = (endpoints: number) => {
    const { all, ...environment } = hosts(endpoints, weight);
    const balancer = createBalancer<Host<number>>(type, environment);
    balancer.update(all.map((item) => ({ item, weight: item.facts.weight })));
    return balancer;
  };
  return { create, hashing: type.type === 'ring-hash' || type.type === 'maglev' };
}

/** Two priorities, 60 % of the first healthy: what is around the algorithm, and a cheap one. */
function composed(endpoints: number): Picker {
  const half = (i: number) => (i < endpoints / 2 ? 0 : 1);
  const { all, load, random } = hosts(endpoints, () => 1, half);
  for (const [i, host] of all.entries()) host.ejected = i % 10 < 4 && half(i) === 0;
  const balancer = new ClusterBalancer<number>({ algorithm: { type: 'random' }, load, random });
  balancer.update(all);
  return balancer;
}

/** What is measured, by name. */
export const subjects: Readonly<Record<string, Subject>> = {
  random: algorithm({ type: 'random' }),
  'random, weights': algorithm({ type: 'random' }, SIXFOLD),
  'round robin': algorithm({ type: 'round-robin' }),
  'round robin, weights': algorithm({ type: 'round-robin' }, SIXFOLD),
  'least request': algorithm({ type: 'least-request' }),
  'least request, weights': algorithm({ type: 'least-request' }, SIXFOLD),
  'peak EWMA': algorithm({ type: 'peak-ewma' }),
  'ring hash': algorithm({ type: 'ring-hash' }),
  'ring hash, 160 points each': algorithm({ type: 'ring-hash', pointsEach: 160 }),
  maglev: algorithm({ type: 'maglev' }),
  'maglev, bounded at 300 %': algorithm({ type: 'maglev', balanceFactor: 300 }),
  // A fifth of the endpoints have more than that, and are passed over.
  'maglev, bounded at 125 %': algorithm({ type: 'maglev', balanceFactor: 125 }),
  'priorities and random': { create: composed, hashing: false },
};

/** Requests with a hash each. */
export function requests(count: number): PickContext<Host<number>>[] {
  return Array.from({ length: count }, (_, i) => ({ hash: new Hash64().ofText(`user ${i}`) }));
}
