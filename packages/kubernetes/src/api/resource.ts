import type {
  EndpointSlice,
  KubernetesNode,
  KubernetesObject,
  KubernetesService,
  Lease,
} from './objects.ts';

/** A resource of the API: where its objects of type `T` are. */
export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** Empty for the core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never there: it carries the type of the objects. */
  readonly object?: T;
}

/** Names a resource that is not in {@link RESOURCES}. */
export function resource<T extends KubernetesObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced = true,
): Resource<T> {
  return { group, version, plural, kind, namespaced };
}

/** Resources that every cluster has. */
export const RESOURCES = {
  services: resource<KubernetesService>('', 'v1', 'services', 'Service'),
  endpointSlices: resource<EndpointSlice>(
    'discovery.k8s.io',
    'v1',
    'endpointslices',
    'EndpointSlice',
  ),
  namespaces: resource<KubernetesObject>('', 'v1', 'namespaces', 'Namespace', false),
  nodes: resource<KubernetesNode>('', 'v1', 'nodes', 'Node', false),
  leases: resource<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease'),
} as const;

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The address of a resource's objects, or of one of them. */
export function pathOf(
  { group, version, plural, namespaced }: Resource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within =
    namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const part = subresource === undefined ? '' : `/${subresource}`;
  return `${root}${within}/${plural}${one}${part}`;
}
