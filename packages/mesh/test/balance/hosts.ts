import fc from 'fast-check';
import {
  ClusterBalancer,
  type ClusterBalancerOptions,
  ClusterLoad,
  type Health,
  type HostFacts,
  Hosts,
  NO_LOCALITY,
  Xoshiro128,
} from '../../src/index.ts';

/** What is told of an endpoint, in short. */
export function facts(key: string, stated: Partial<HostFacts<string>> = {}): HostFacts<string> {
  return {
    ...{ key, item: key, weight: 1, priority: 0, locality: NO_LOCALITY },
    ...{ health: 'healthy', metadata: {}, ...stated },
  };
}

/** So many endpoints, `healthy` of them healthy. */
export function group(
  name: string,
  count: number,
  healthy: number,
  stated: Partial<HostFacts<string>> = {},
): HostFacts<string>[] {
  return Array.from({ length: count }, (_, i) =>
    facts(`${name}${i}`, { health: i < healthy ? 'healthy' : 'unhealthy', ...stated }),
  );
}

export function zone(name: string) {
  return { region: '', zone: name, subzone: '' };
}

/** A cluster's hosts, and what balances over them. */
export function cluster(options: Partial<ClusterBalancerOptions> = {}) {
  const load = new ClusterLoad({ now: () => 0 });
  const random = new Xoshiro128(23);
  const hosts = new Hosts<string>(load);
  const all = { algorithm: { type: 'round-robin' }, random, load, ...options } as const;
  const balancer = new ClusterBalancer<string>(all);
  return { hosts, balancer, options: all };
}

const HEALTHS: readonly Health[] = ['healthy', 'unhealthy', 'draining', 'unknown'];

/** Any endpoints. */
export const anyFacts = fc
  .array(
    fc.record({
      weight: fc.integer({ min: 0, max: 5 }),
      priority: fc.integer({ min: 0, max: 3 }),
      health: fc.constantFrom(...HEALTHS),
      zone: fc.constantFrom('a', 'b', 'c'),
    }),
    { maxLength: 25 },
  )
  .map((list) =>
    list.map(({ zone: name, ...stated }, i) => facts(`h${i}`, { ...stated, locality: zone(name) })),
  );
