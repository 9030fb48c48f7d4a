import type { PolicyCondition, SourcePolicy } from '@meshkeeper/mesh';
import type { Resource } from '../api/resource.ts';
import { apiVersionOf } from '../api/resource.ts';
import { isRoute, isServiceRef, type ParentRef, type PolicyObject } from './policy-kinds.ts';
import { parentInMesh, parentNames, rulesInMesh, targetsInMesh } from './references.ts';
import type { ServiceNaming } from './service-naming.ts';

/** A policy as somebody has written it in Kubernetes: not validated. */
export interface KubernetesPolicy {
  readonly policy: SourcePolicy;
  /** The parents that are ours to judge. */
  readonly parents: readonly PolicyParent[];
}

/** What a route is attached to. */
export interface PolicyParent {
  readonly ref: ParentRef;
  /**
   * `producer`: the route is in the namespace of the service, and for all who call it. `consumer`: it is
   * in another, and only for callers from there, which nobody here can tell apart. `missing`: there is
   * no such service, or it has no such port.
   */
  readonly type: 'producer' | 'consumer' | 'missing';
}

/** What a policy is read with. */
export interface PolicyContext {
  readonly naming: ServiceNaming;
  /** Whether a ReferenceGrant allows a route of a namespace to send requests to a Service of another. */
  readonly isGranted: (
    route: { readonly kind: string; readonly namespace: string },
    service: { readonly namespace: string; readonly name: string },
  ) => boolean;
}

/** What kubectl remembers for itself, as long as the object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** What is told of the parents that a route is not attached to. */
export const NOT_ATTACHED: Readonly<
  Record<'consumer' | 'missing', Pick<PolicyCondition, 'status' | 'reason' | 'message'>>
> = {
  missing: {
    status: 'False',
    reason: 'NoMatchingParent',
    message: 'there is no such service in the mesh, or it has no such port',
  },
  consumer: {
    status: 'False',
    reason: 'UnsupportedValue',
    message:
      'the service is in another namespace: a route for callers of one namespace is not supported, put it beside the service',
  },
};

/** What an object is called here and there: `HTTPRoute shop/orders`. */
export function policyIdOf({ kind }: Resource, { metadata }: PolicyObject): string {
  return `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`;
}

/**
 * Reads an object as a policy. A route that has no parent of kind Service is undefined: it is somebody
 * else's. Of the others only the parents that it applies to are in the document. Pure.
 */
export function kubernetesPolicy(
  resource: Resource<PolicyObject>,
  object: PolicyObject,
  { naming, isGranted }: PolicyContext,
): KubernetesPolicy | undefined {
  const { metadata, spec = {} } = object;
  const { namespace = 'default', name, generation = 0, labels, annotations = {} } = metadata;
  const { kind } = resource;
  const parents = (spec.parentRefs ?? []).filter(isServiceRef).map((ref) => {
    const names = parentNames(ref, namespace, naming);
    const home = ref.namespace ?? namespace;
    const type = names.length === 0 ? 'missing' : home === namespace ? 'producer' : 'consumer';
    return { ref, type, names } as const;
  });
  if (isRoute(resource) && parents.length === 0) return undefined;
  const refused = new Set<string>();
  const read = isRoute(resource)
    ? {
        ...spec,
        parentRefs: [
          ...new Set(parents.flatMap(({ type, names }) => (type === 'producer' ? names : []))),
        ].map(parentInMesh),
        rules: rulesInMesh(spec.rules, {
          namespace,
          naming,
          mayRefer: (of, service) =>
            isGranted({ kind, namespace }, { namespace: of, name: service }),
          refused: (service) => refused.add(service),
        }),
      }
    : { ...spec, targetRefs: targetsInMesh(spec.targetRefs, namespace, naming) };
  const { [LAST_APPLIED]: _, ...notes } = annotations;
  const conditions = [...unattached(parents), ...notPermitted(refused)];
  return {
    parents: parents.map(({ ref, type }) => ({ ref, type })),
    policy: {
      id: policyIdOf(resource, object),
      version: String(generation),
      createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
      document: {
        apiVersion: apiVersionOf(resource),
        kind,
        metadata: {
          ...{ name, namespace },
          ...(labels && { labels }),
          ...(Object.keys(notes).length > 0 && { annotations: notes }),
        },
        spec: withoutUndefined(read),
      },
      ...(conditions.length > 0 && { conditions }),
    },
  };
}

/** Of a route that is attached nowhere. */
function unattached(parents: readonly PolicyParent[]): PolicyCondition[] {
  const [first] = parents;
  if (first === undefined || parents.some(({ type }) => type === 'producer')) return [];
  const type = parents.some((parent) => parent.type === 'consumer') ? 'consumer' : 'missing';
  return [{ type: 'Accepted', ...NOT_ATTACHED[type] }];
}

function notPermitted(refused: ReadonlySet<string>): PolicyCondition[] {
  if (refused.size === 0) return [];
  const message = `no ReferenceGrant allows a reference to ${[...refused].join(', ')}`;
  return [{ type: 'ResolvedRefs', status: 'False', reason: 'RefNotPermitted', message }];
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
