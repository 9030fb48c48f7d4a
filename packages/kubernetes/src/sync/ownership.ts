import { MARK_LABELS, type Mark } from '@meshkeeper/mesh';

/** What a service is called in the mesh: names there may hold anything. */
export const SERVICE_ANNOTATION = 'meshkeeper.io/service';
/** {@link weightsText} */
export const WEIGHTS_ANNOTATION = 'meshkeeper.io/weights';
/** Who manages a slice, as Kubernetes says it: the EndpointSlice controller leaves others' alone. */
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const MANAGED_BY = 'meshkeeper.io';
/** Whose slice it is. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** The labels of all that an owner writes. */
export function ownLabels({ mesh, rule }: Mark): Readonly<Record<string, string>> {
  return { [MARK_LABELS.mesh]: mesh, [MARK_LABELS.rule]: rule };
}

/** What selects all that an owner has written. */
export function ownSelector(owner: Mark): string {
  return Object.entries(ownLabels(owner))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}

/** True of an object with these labels that is the owner's. */
export function isOwn(owner: Mark, labels: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(ownLabels(owner)).every(([label, value]) => labels?.[label] === value);
}
