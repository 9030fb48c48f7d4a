import type { JsonObject } from '../object.ts';
import type { ResourceCatalog } from '../resources/catalog.ts';
import { apiVersionOf, type ResourceType } from '../resources/resource-type.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What is at an address that says what there is; undefined when it is none of those. */
export function discovery(path: string, catalog: ResourceCatalog): JsonObject | undefined {
  const steps = path.split('/').filter((step) => step !== '');
  const { types } = catalog;
  if (path === '/version')
    return { major: '1', minor: '36', gitVersion: 'v1.36.0', platform: 'linux/amd64' };
  if (path === '/api')
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(types) };
  if (steps[0] === 'api' && steps.length === 2) return resources('v1', types);
  if (steps[0] === 'apis' && steps.length === 2)
    return groups(types).find(({ name }) => name === steps[1]);
  if (steps[0] === 'apis' && steps.length === 3) return resources(`${steps[1]}/${steps[2]}`, types);
  if (path === '/openapi/v3') return openApiIndex(types);
  if (steps[0] === 'openapi' && steps[1] === 'v3') {
    const at = steps.slice(2);
    return openApi(at[0] === 'api' ? at[1]! : at.slice(1).join('/'), types);
  }
  return undefined;
}

function groups(types: readonly ResourceType[]): JsonObject[] {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of types)
    if (group !== '') versions.set(group, (versions.get(group) ?? new Set()).add(version));
  return [...versions].map(([name, all]) => {
    const told = [...all].map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { kind: 'APIGroup', apiVersion: 'v1', name, versions: told, preferredVersion: told[0]! };
  });
}

function resources(groupVersion: string, types: readonly ResourceType[]): JsonObject | undefined {
  const own = types.filter((type) => apiVersionOf(type) === groupVersion);
  if (own.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: own.flatMap((type) => {
      const { plural, kind, namespaced, shortNames = [], categories = [] } = type;
      const singularName = kind.toLowerCase();
      const main: JsonObject = {
        ...{ name: plural, singularName, namespaced, kind, verbs: VERBS },
        ...(shortNames.length > 0 && { shortNames: [...shortNames] }),
        ...(categories.length > 0 && { categories: [...categories] }),
      };
      if (type.status !== true) return [main];
      const verbs = ['get', 'patch', 'update'];
      return [main, { name: `${plural}/status`, singularName: '', namespaced, kind, verbs }];
    }),
  };
}

function pathOf(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
}

function openApiIndex(types: readonly ResourceType[]): JsonObject {
  const paths = new Set(types.map((type) => pathOf(apiVersionOf(type))));
  return {
    paths: Object.fromEntries(
      [...paths].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }]),
    ),
  };
}

/** As much as tells a client that fields are validated here. */
function openApi(groupVersion: string, types: readonly ResourceType[]): JsonObject | undefined {
  const own = types.filter((type) => apiVersionOf(type) === groupVersion);
  if (own.length === 0) return undefined;
  const paths = own.map(({ plural, namespaced, group, version, kind }) => {
    const within = namespaced ? 'namespaces/{namespace}/' : '';
    const parameters = ['fieldValidation', 'dryRun', 'fieldManager', 'force'].map((name) => ({
      name,
      in: 'query',
      schema: { type: 'string' },
    }));
    const patch = {
      parameters,
      responses: {},
      'x-kubernetes-group-version-kind': { group, version, kind },
      'x-kubernetes-action': 'patch',
    };
    return [`/${pathOf(groupVersion)}/${within}${plural}/{name}`, { patch }];
  });
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.0' },
    paths: Object.fromEntries(paths),
    components: { schemas: {} },
  };
}
