import type { Resource } from '../api/resource.ts';
import { apiVersionOf } from '../api/resource.ts';
import { isRoute, type ParentRef, type PolicyObject } from './policy-kinds.ts';

/** A policy as somebody has written it in Kubernetes: not validated. */
export interface KubernetesPolicy {
  /** `HTTPRoute/shop/orders`. */
  readonly id: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Of what was written: a status says which it is about. */
  readonly generation: number;
  /** The document as the mesh reads it: services by their names in the mesh. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The parents that are ours to judge. */
  readonly parents: readonly PolicyParent[];
}

/** What a route is attached to. */
export interface PolicyParent {
  readonly ref: ParentRef;
  /**
   * `producer`: the route is in the namespace of the service, and for all who call it. `consumer`: it is
   * in another, and only for callers from there, which nobody here can tell apart. `missing`: there is
   * no such service.
   */
  readonly type: 'producer' | 'consumer' | 'missing';
}

/** What a Service of Kubernetes is called in the mesh; undefined when it isn't there. */
export type ServiceNaming = (namespace: string, name: string) => string | undefined;

/**
 * Reads an object as a policy. A route that has no parent of kind Service is undefined: it is somebody
 * else's. Of the others only the parents that it applies to are in the document. Pure.
 */
export function kubernetesPolicy(
  resource: Resource<PolicyObject>,
  { metadata, spec = {} }: PolicyObject,
  naming: ServiceNaming,
): KubernetesPolicy | undefined {
  const { namespace = 'default', name, generation = 0, labels, annotations } = metadata;
  const { kind } = resource;
  const parents = (spec.parentRefs ?? []).flatMap((ref): PolicyParent[] => {
    if (!isServiceRef(ref)) return [];
    const home = ref.namespace ?? namespace;
    if (naming(home, ref.name) === undefined) return [{ ref, type: 'missing' }];
    return [{ ref, type: home === namespace ? 'producer' : 'consumer' }];
  });
  if (isRoute(resource) && parents.length === 0) return undefined;
  const own = new Set(parents.flatMap(({ ref, type }) => (type === 'producer' ? [ref] : [])));
  const read = isRoute(resource)
    ? {
        ...(named(spec, namespace, naming) as object),
        parentRefs: (spec.parentRefs ?? [])
          .filter((ref) => own.has(ref))
          .map((ref) => named(ref, namespace, naming)),
      }
    : spec;
  return {
    ...{ id: `${kind}/${namespace}/${name}`, kind, namespace, name, generation, parents },
    document: {
      apiVersion: apiVersionOf(resource),
      kind,
      metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
      spec: read,
    },
  };
}

function isServiceRef({ group = '', kind }: ParentRef): boolean {
  return kind === 'Service' && (group === '' || group === 'core');
}

/** The same, with the names that Services of Kubernetes have in the mesh; what is missing stays as it is. */
function named(value: unknown, namespace: string, naming: ServiceNaming): unknown {
  if (Array.isArray(value)) return value.map((each) => named(each, namespace, naming));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, inner]): [string, unknown] => [
    key,
    // A rule's backends, and where requests are mirrored to.
    named(inner, namespace, naming),
  ]);
  const read: Record<string, unknown> = Object.fromEntries(members);
  const { group = '', kind, name } = read;
  const isBackend = (kind === 'Service' || (kind === undefined && 'port' in read)) && group === '';
  if (!isBackend || typeof name !== 'string') return read;
  const home = typeof read.namespace === 'string' ? read.namespace : namespace;
  const { namespace: _, ...rest } = read;
  const found = naming(home, name);
  return found === undefined ? read : { ...rest, kind: 'Service', group: '', name: found };
}
