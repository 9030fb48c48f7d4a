import type { Policy } from '../kinds/kinds.ts';
import { byNone } from './common.ts';
import type { Unsupported } from './data-plane.ts';

/** What Envoy doesn't do. */
export function* byEnvoy(policy: Policy): Iterable<Unsupported> {
  yield* byNone(policy);
  if (policy.kind !== 'ServicePolicy') return;
  const { loadBalancing, locality } = policy.spec;
  const isHashed = loadBalancing?.type === 'ring-hash' || loadBalancing?.type === 'maglev';
  if (isHashed && locality?.mode === 'zone-aware')
    yield {
      path: ['spec', 'locality', 'mode'],
      reason: `with ${loadBalancing.type} a key goes to its endpoint, wherever that is`,
    };
}
