import type { Balancer } from './balancer.ts';
import { BoundedLoad } from './bounded-load.ts';
import { LeastRequest } from './least-request.ts';
import type { ClusterLoad, Loaded } from './load.ts';
import { Maglev } from './maglev.ts';
import { PeakEwma } from './peak-ewma.ts';
import { Random } from './random.ts';
import type { RandomSource } from './random-source.ts';
import { type Keyed, RingHash } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';

/** Bounds the load of a hashing algorithm; Envoy's `hash_balance_factor`, in percent, at least 100. */
interface Bounded {
  readonly balanceFactor?: number;
}

/** How an endpoint is chosen, with its settings. */
export type Algorithm =
  | { readonly type: 'random' | 'round-robin' }
  | { readonly type: 'peak-ewma'; readonly choices?: number }
  | { readonly type: 'least-request'; readonly choices?: number; readonly bias?: number }
  | ({
      readonly type: 'ring-hash';
      readonly minSize?: number;
      readonly maxSize?: number;
      readonly pointsEach?: number;
    } & Bounded)
  | ({ readonly type: 'maglev'; readonly tableSize?: number } & Bounded);

/** What algorithms take from outside. */
export interface AlgorithmEnvironment {
  readonly random: RandomSource;
  /** Of all endpoints of the cluster. */
  readonly load: ClusterLoad;
}

/** True of algorithms that send the same request to the same endpoint. */
export function isHashing(algorithm: Algorithm): boolean {
  return algorithm.type === 'ring-hash' || algorithm.type === 'maglev';
}

/** The algorithm at work, over an empty list. */
export function createBalancer<T extends Keyed & Loaded>(
  algorithm: Algorithm,
  { random, load }: AlgorithmEnvironment,
): Balancer<T> {
  switch (algorithm.type) {
    case 'random':
      return new Random([], random);
    case 'round-robin':
      return new RoundRobin([], random.below(1024) / 1024);
    case 'least-request':
      return new LeastRequest([], { ...algorithm, random });
    case 'peak-ewma':
      return new PeakEwma([], { ...algorithm, random, now: load.now });
    case 'ring-hash':
      return bounded(new RingHash([], { ...algorithm, random }), algorithm, load);
    case 'maglev':
      return bounded(new Maglev([], { ...algorithm, random }), algorithm, load);
  }
}

function bounded<T extends Loaded>(
  inner: Balancer<T>,
  { balanceFactor }: Bounded,
  load: ClusterLoad,
): Balancer<T> {
  return balanceFactor ? new BoundedLoad(inner, [], { load, factor: balanceFactor }) : inner;
}
