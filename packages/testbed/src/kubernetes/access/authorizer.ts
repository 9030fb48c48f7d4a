import { type JsonObject, type KubernetesObject, list, objects, part } from '../object.ts';
import type { ResourceCatalog } from '../resources/catalog.ts';
import type { User } from './user.ts';

/** What somebody wants to do. */
export interface Action {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Of an address that is no resource's. */
  readonly path?: string;
}

/** Decides by the Roles, ClusterRoles and bindings that are stored, as RBAC does. */
export class Authorizer {
  readonly #catalog: ResourceCatalog;

  constructor(catalog: ResourceCatalog) {
    this.#catalog = catalog;
  }

  allows(user: User, action: Action): boolean {
    if (user.groups.includes('system:masters')) return true;
    // What everybody may read, signed in or not, by the roles that every cluster has.
    if (action.path !== undefined && action.verb === 'get') return true;
    if (/^selfsubject/.test(action.resource)) return true;
    return this.#rules(user, action.namespace).some((rule) => covers(rule, action));
  }

  *#bindings(plural: string, prefix: string): Generator<KubernetesObject> {
    const storage = this.#catalog.storage({ group: 'rbac.authorization.k8s.io', plural });
    for (const key of storage.keys) if (key.startsWith(prefix)) yield storage.get(key)!;
  }

  #rules(user: User, namespace: string | undefined): JsonObject[] {
    const rules: JsonObject[] = [];
    for (const binding of this.#bindings('clusterrolebindings', ''))
      if (isSubject(user, binding)) rules.push(...this.#ofRole(binding));
    if (namespace !== undefined)
      for (const binding of this.#bindings('rolebindings', `${namespace}/`))
        if (isSubject(user, binding)) rules.push(...this.#ofRole(binding));
    return rules;
  }

  #ofRole(binding: KubernetesObject): JsonObject[] {
    const { kind, name } = part(binding, 'roleRef');
    const isCluster = kind === 'ClusterRole';
    const storage = this.#catalog.storage({
      group: 'rbac.authorization.k8s.io',
      plural: isCluster ? 'clusterroles' : 'roles',
    });
    const key = isCluster ? String(name) : `${binding.metadata.namespace}/${name}`;
    return objects(storage.get(key), 'rules');
  }
}

function isSubject(user: User, binding: KubernetesObject): boolean {
  return objects(binding, 'subjects').some(({ kind, name, namespace }) => {
    if (kind === 'Group') return user.groups.includes(String(name));
    if (kind === 'ServiceAccount')
      return user.name === `system:serviceaccount:${namespace}:${name}`;
    return user.name === name;
  });
}

function covers(rule: JsonObject, action: Action): boolean {
  const has = (member: string, wanted: string) => {
    const values = list(rule, member);
    return values.includes('*') || values.includes(wanted);
  };
  if (!has('verbs', action.verb)) return false;
  if (action.path !== undefined)
    return list(rule, 'nonResourceURLs').some((url) =>
      String(url).endsWith('*')
        ? action.path!.startsWith(String(url).slice(0, -1))
        : url === action.path,
    );
  const { resource, subresource, name } = action;
  const wanted = subresource === '' ? resource : `${resource}/${subresource}`;
  const names = list(rule, 'resourceNames');
  return (
    has('apiGroups', action.group) &&
    has('resources', wanted) &&
    (names.length === 0 || names.includes(name))
  );
}
