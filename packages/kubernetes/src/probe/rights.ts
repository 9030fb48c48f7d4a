import { RESOURCES, type Resource } from '../api/resource.ts';
import { POLICY_RESOURCES } from '../gateway-api/policy-kinds.ts';
import { REFERENCE_GRANTS } from '../gateway-api/reference-grants.ts';
import type { KubernetesSourceSettings } from '../source/settings.ts';
import type { KubernetesDestinationSettings } from '../sync/settings.ts';
import type { Right } from './probe.ts';

const READ = ['list', 'watch'] as const;

/** What a source has to be allowed to do. */
export function sourceRights({
  namespaces,
  nodePorts,
  policies,
  policyStatus,
}: KubernetesSourceSettings): Right[] {
  const places = namespaces.length === 0 ? [undefined] : namespaces;
  const read = (resource: Resource) =>
    places.map((namespace): Right => ({ verbs: READ, resource, namespace }));
  const reported = (resource: Resource) =>
    places.map(
      (namespace): Right => ({ verbs: ['update'], resource, subresource: 'status', namespace }),
    );
  return [
    ...read(RESOURCES.services),
    ...read(RESOURCES.endpointSlices),
    ...(nodePorts === 'endpoints'
      ? []
      : [{ verbs: READ, resource: RESOURCES.nodes, namespace: undefined }]),
    ...(policies ? [...POLICY_RESOURCES, REFERENCE_GRANTS].flatMap(read) : []),
    ...(policies && policyStatus ? POLICY_RESOURCES.flatMap(reported) : []),
  ];
}

/** What a destination has to be allowed to do, in each namespace that it writes to. */
export function destinationRights(
  { namespace, rules }: KubernetesDestinationSettings,
  own: string,
): Right[] {
  const all = namespace ?? own;
  const places = new Set([all, ...rules.map((rule) => rule.namespace ?? all)]);
  return [...places].flatMap((place): Right[] => [
    {
      ...{ verbs: [...READ, 'get', 'create', 'patch', 'delete'], namespace: place },
      resource: RESOURCES.services,
    },
    {
      ...{ verbs: [...READ, 'get', 'create', 'update', 'delete'], namespace: place },
      resource: RESOURCES.endpointSlices,
    },
  ]);
}
