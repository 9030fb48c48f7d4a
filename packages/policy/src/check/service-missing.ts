import { isService } from '../kinds/parent-ref.ts';
import { fit } from '../kinds/target-ref.ts';
import { suggest } from '../read/suggest.ts';
import type { Check, Found, Scene } from './finding.ts';
import { isRoute, quoted, references } from './references.ts';

/** Names for which it is looked what they were meant to be, at most. */
const HINTS = 50;

/** A warning: services come and go, and a policy may well be there before its service. */
export const serviceMissing: Check = {
  code: 'service-missing',
  severity: 'warning',
  what: 'A route or a policy names a service that is not in the catalog.',
  fix: 'Correct the name, or start the service: it takes effect when the service is there.',
  *run(scene) {
    const names = [...scene.service.keys()];
    const hints = new Map<string, string>();
    const hintFor = (service: string) => {
      const known = hints.get(service);
      // To look for more in a large catalog would take long, and help nobody.
      if (known !== undefined || hints.size === HINTS) return known ?? '';
      const meant = suggest(service, names);
      const hint = meant === undefined ? '' : `: did you mean ${quoted(meant)}?`;
      hints.set(service, hint);
      return hint;
    };
    const missing = (service: string) =>
      `there is no service ${quoted(service)} in the catalog${hintFor(service)}`;
    for (const policy of scene.policies) {
      if (isRoute(policy)) {
        for (const { to, path } of references(policy))
          if (to.type !== 'unknown' && !scene.service.has(to.service))
            yield { policy, path: [...path, 'name'], message: missing(to.service) };
        for (const [i, ref] of (policy.spec.parentRefs ?? []).entries())
          if (isService(ref) && !scene.service.has(ref.name))
            yield { policy, path: ['spec', 'parentRefs', i, 'name'], message: missing(ref.name) };
      } else yield* targets(policy, scene, missing);
    }
  },
};

function* targets(
  policy: Scene['policies'][number],
  { services, service: known }: Scene,
  missing: (service: string) => string,
): Iterable<Found> {
  if (isRoute(policy) || policy.kind === 'Gateway') return;
  for (const [i, ref] of (policy.spec.targetRefs ?? []).entries()) {
    if (ref.kind !== 'Service') continue;
    if (known.has(ref.name)) continue;
    const isPattern = ref.name.includes('*');
    if (isPattern && services.some(({ name }) => fit(ref.name, name) !== undefined)) continue;
    const message = isPattern
      ? `no service of the catalog fits ${quoted(ref.name)}`
      : missing(ref.name);
    yield { policy, path: ['spec', 'targetRefs', i, 'name'], message };
  }
}
