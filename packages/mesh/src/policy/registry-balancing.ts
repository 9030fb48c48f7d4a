import type { Balancing } from './model/balancing.ts';
import type { LoadBalancing } from './traffic-policy.ts';

/**
 * How what a registry calls its balancing is done; undefined of hashing: a registry does not say what
 * of a request is hashed. Weights count in all that registries have.
 */
export function registryBalancing(stated: LoadBalancing): Balancing | undefined {
  switch (stated) {
    case 'random':
      return { type: 'random' };
    case 'round-robin':
      return { type: 'weighted-round-robin' };
    case 'least-request':
      return { type: 'least-request', choices: 2, bias: 1 };
    case 'peak-ewma':
      return { type: 'peak-ewma', choices: 2, fallback: 'least-request' };
    case 'ring-hash':
      return undefined;
  }
}
