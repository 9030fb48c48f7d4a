import { joinPath } from '@meshkeeper/zookeeper';

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
