import type { Gateway, Listener } from '../kinds/gateway.ts';
import type { Policy, Route } from '../kinds/kinds.ts';
import { isGateway, type ParentRef } from '../kinds/parent-ref.ts';
import { suggest } from '../read/suggest.ts';
import type { Check } from './finding.ts';
import { isRoute, quoted, sameNamespace } from './references.ts';

/** The gateway that a route is attached to. */
export function gatewayOf(
  route: Route,
  ref: ParentRef,
  policies: readonly Policy[],
): Gateway | undefined {
  return policies.find(
    (policy): policy is Gateway =>
      policy.kind === 'Gateway' &&
      policy.metadata.name === ref.name &&
      sameNamespace(policy.metadata.namespace, ref.namespace ?? route.metadata.namespace),
  );
}

/** The listeners that a route asks for. */
export function listenersOf(
  gateway: Gateway,
  { sectionName, port }: ParentRef,
): readonly Listener[] {
  return gateway.spec.listeners.filter(
    (listener) =>
      (sectionName === undefined || listener.name === sectionName) &&
      (port === undefined || listener.port === port),
  );
}

/** An error: nothing would come in by the route. */
export const gatewayMissing: Check = {
  code: 'gateway-missing',
  severity: 'error',
  what: 'A route is attached to a gateway, or to a listener of one, that there is not.',
  fix: 'Correct `parentRefs`, or apply the gateway with the route or before it.',
  *run({ policies }) {
    const gateways = policies.filter((policy) => policy.kind === 'Gateway');
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const [i, ref] of (policy.spec.parentRefs ?? []).entries()) {
        if (!isGateway(ref)) continue;
        const path = ['spec', 'parentRefs', i];
        const gateway = gatewayOf(policy, ref, policies);
        if (gateway === undefined) {
          const meant = suggest(
            ref.name,
            gateways.map(({ metadata }) => metadata.name),
          );
          const hint =
            meant === undefined || meant === ref.name ? '' : `: did you mean ${quoted(meant)}?`;
          const namespace = ref.namespace ?? policy.metadata.namespace;
          const where = namespace === undefined ? '' : ` in namespace ${quoted(namespace)}`;
          yield {
            policy,
            path: [...path, 'name'],
            message: `there is no gateway ${quoted(ref.name)}${where}${hint}`,
          };
        } else if (listenersOf(gateway, ref).length === 0) {
          const names = gateway.spec.listeners
            .map(({ name, port }) => `${name} (${port})`)
            .join(', ');
          const wanted = [
            ref.sectionName && quoted(ref.sectionName),
            ref.port && `at port ${ref.port}`,
          ];
          const message = `gateway ${quoted(ref.name)} has no listener ${wanted.filter(Boolean).join(' ')}; it has ${names}`;
          yield {
            policy,
            path: ref.sectionName === undefined ? [...path, 'port'] : [...path, 'sectionName'],
            message,
          };
        }
      }
    }
  },
};
