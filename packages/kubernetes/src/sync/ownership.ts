/** Which mesh an object belongs to: without it, or with another's, it is none of ours. */
export const MESH_LABEL = 'meshkeeper.io/mesh';
/** Which data plane of the mesh wrote it, by name. */
export const DESTINATION_LABEL = 'meshkeeper.io/destination';
/** What a service is called in the mesh: names there may hold anything. */
export const SERVICE_ANNOTATION = 'meshkeeper.io/service';
/** {@link weightsText} */
export const WEIGHTS_ANNOTATION = 'meshkeeper.io/weights';
/** Who manages a slice, as Kubernetes says it: the EndpointSlice controller leaves others' alone. */
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const MANAGED_BY = 'meshkeeper.io';
/** Whose slice it is. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** Who writes. */
export interface Owner {
  readonly mesh: string;
  readonly destination: string;
}

/** The labels of all that an owner writes. */
export function ownLabels({ mesh, destination }: Owner): Readonly<Record<string, string>> {
  return { [MESH_LABEL]: mesh, [DESTINATION_LABEL]: destination };
}

/** What selects all that an owner has written. */
export function ownSelector(owner: Owner): string {
  return Object.entries(ownLabels(owner))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}

/** True of an object with these labels that is the owner's. */
export function isOwn(owner: Owner, labels: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(ownLabels(owner)).every(([label, value]) => labels?.[label] === value);
}
