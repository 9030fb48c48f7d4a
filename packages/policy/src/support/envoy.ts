import type { Policy } from '../kinds/kinds.ts';
import { byNone } from './common.ts';
import type { Unsupported } from './data-plane.ts';

/** What Envoy doesn't do. */
export function* byEnvoy(policy: Policy): Iterable<Unsupported> {
  yield* byNone(policy);
  if (policy.kind !== 'ServicePolicy') return;
  const { loadBalancing, locality, healthChecks = [] } = policy.spec;
  const isHashed = loadBalancing?.type === 'ring-hash' || loadBalancing?.type === 'maglev';
  if (isHashed && locality?.mode === 'zone-aware')
    yield {
      path: ['spec', 'locality', 'mode'],
      reason: `with ${loadBalancing.type} a key goes to its endpoint, wherever that is`,
    };
  if (new Set(healthChecks.map(({ port }) => port)).size < 2) return;
  for (const [index, { port }] of healthChecks.entries())
    if (port !== undefined)
      yield {
        path: ['spec', 'healthChecks', index, 'port'],
        reason: "an endpoint's own is asked: state the same port for all checks",
      };
}
