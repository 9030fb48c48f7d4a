import type { Gateway } from '../kinds/gateway.ts';
import type { Policy } from '../kinds/kinds.ts';
import { isGateway } from '../kinds/parent-ref.ts';
import type { ServicePolicy } from '../kinds/service-policy.ts';
import type { Unsupported } from './data-plane.ts';

/** What no data plane does. */
export function* byNone(policy: Policy): Iterable<Unsupported> {
  if (policy.kind === 'TCPRoute')
    for (const [index, parent] of (policy.spec.parentRefs ?? []).entries())
      if (!isGateway(parent))
        yield {
          path: ['spec', 'parentRefs', index],
          reason:
            'connections say no name by which callers in the mesh could be routed: attach it to a Gateway',
        };
  if (policy.kind === 'RateLimitPolicy' && policy.spec.global !== undefined)
    yield {
      path: ['spec', 'global'],
      reason: 'it is not enforced yet: use a local limit, divided by the number of data planes',
    };
  if (policy.kind === 'Gateway') yield* authorities(policy);
  if (policy.kind === 'ServicePolicy') yield* warmUp(policy);
}

/** A certificate is checked against one file of authorities. */
function* authorities({ spec }: Gateway): Iterable<Unsupported> {
  const reason = 'the first is used: put the certificates of all of them into its ca.crt';
  const { default: all, perPort = [] } = spec.tls?.frontend ?? {};
  const path = ['spec', 'tls', 'frontend'];
  if ((all?.validation?.caCertificateRefs.length ?? 0) > 1)
    yield { path: [...path, 'default', 'validation', 'caCertificateRefs', 1], reason };
  for (const [index, { tls }] of perPort.entries())
    if ((tls.validation?.caCertificateRefs.length ?? 0) > 1)
      yield {
        path: [...path, 'perPort', index, 'tls', 'validation', 'caCertificateRefs', 1],
        reason,
      };
}

/** Weights grow where weights count. */
function* warmUp({ spec }: ServicePolicy): Iterable<Unsupported> {
  const type = spec.loadBalancing?.type ?? 'weighted-round-robin';
  if (spec.warmUp === undefined || !NO_WARM_UP.has(type)) return;
  yield {
    path: ['spec', 'warmUp'],
    reason: `with ${type} new endpoints take their full share at once: use weighted-round-robin or least-request`,
  };
}

const NO_WARM_UP: ReadonlySet<string> = new Set(['random', 'ring-hash', 'maglev']);
