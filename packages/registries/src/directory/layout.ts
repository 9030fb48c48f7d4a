import { joinPath, parentOf } from '@meshkeeper/zookeeper';
import type { Recognised } from '../dialect.ts';

/** The path of an instance. A service name with `/` in it nests directories, as in Spring. */
export function instancePath(root: string, service: string, id: string): string {
  return joinPath(directoryOf(root, service), id);
}

/** The path of the directory that holds a service's instances. */
export function directoryOf(root: string, service: string): string {
  return joinPath(root, service);
}

/**
 * The service and the name of the znode at `path`; undefined for the root and for what lies
 * directly below it, where only directories of services are.
 */
export function placeOf(
  root: string,
  path: string,
): { readonly service: string; readonly node: string } | undefined {
  const prefix = root === '/' ? '/' : `${root}/`;
  if (!path.startsWith(prefix)) return undefined;
  const inside = path.slice(prefix.length);
  const slash = inside.lastIndexOf('/');
  return slash === -1
    ? undefined
    : { service: inside.slice(0, slash), node: inside.slice(slash + 1) };
}

/** The service whose directory `path` is; undefined for the root. */
export function serviceOfDirectory(root: string, path: string): string | undefined {
  const prefix = root === '/' ? '/' : `${root}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

/**
 * The root that an instance of this service is under, by its path; undefined when the path is no
 * instance's of that service.
 */
export function recognisedAt(path: string, service: string): Recognised | undefined {
  const directory = parentOf(path);
  if (service === '' || !directory.endsWith(`/${service}`)) return undefined;
  const root = directory.slice(0, -service.length - 1);
  return { root: root === '' ? '/' : root, service };
}
