import type { KubernetesObject } from '../api/objects.ts';
import { resource } from '../api/resource.ts';

/** gateway.networking.k8s.io ReferenceGrant: whom a namespace allows to refer to what it has. */
export interface ReferenceGrant extends KubernetesObject {
  readonly spec?: {
    readonly from?: readonly {
      readonly group: string;
      readonly kind: string;
      readonly namespace: string;
    }[];
    readonly to?: readonly {
      readonly group: string;
      readonly kind: string;
      readonly name?: string;
    }[];
  };
}

/** Every release of Gateway API since 0.5 serves this version. */
export const REFERENCE_GRANTS = resource<ReferenceGrant>(
  'gateway.networking.k8s.io',
  'v1beta1',
  'referencegrants',
  'ReferenceGrant',
);

/** Who wants to refer to a Service of another namespace. */
export interface Referrer {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

/** Whether one of the grants of a Service's namespace allows it. Pure. */
export function isGranted(
  grants: Iterable<ReferenceGrant>,
  { group, kind, namespace }: Referrer,
  service: { readonly namespace: string; readonly name: string },
): boolean {
  for (const { metadata, spec: { from = [], to = [] } = {} } of grants)
    if (
      metadata.namespace === service.namespace &&
      from.some(
        (each) => each.group === group && each.kind === kind && each.namespace === namespace,
      ) &&
      to.some(
        (each) =>
          each.group === '' &&
          each.kind === 'Service' &&
          (each.name === undefined || each.name === '' || each.name === service.name),
      )
    )
      return true;
  return false;
}
