import type { ResourceType } from '../codec/resource-type.ts';
import type { Resource } from './resource.ts';
import type { ResourceSet } from './resource-set.ts';

/** Names of the resources that have changed, by type. */
export type Changed = Map<ResourceType, Set<string>>;

/** Adds a name to what has changed. */
export function note(changed: Changed, type: ResourceType, name: string): void {
  const names = changed.get(type);
  if (names === undefined) changed.set(type, new Set([name]));
  else names.add(name);
}

/** Makes `set` hold these and nothing else; adds what has changed to `changed`. */
export function sync(
  set: ResourceSet,
  resources: readonly Resource[],
  type: ResourceType,
  changed: Changed,
): void {
  const names = new Set(resources.map(({ name }) => name));
  for (const { name } of set.list)
    if (!names.has(name) && set.delete(name)) note(changed, type, name);
  for (const resource of resources) if (set.set(resource)) note(changed, type, resource.name);
}
