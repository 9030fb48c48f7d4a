import { joinPath } from '@meshkeeper/zookeeper';

/** Where nerve's own examples have the services: `/nerve/services/<service>/services`. */
export const EXAMPLE_ROOT = '/nerve/services';
/** What the examples append to the name of a service. */
const SUFFIX = '/services';

/** The service whose instances a directory holds, by its path below the root. */
export function serviceOf(directory: string): string {
  return directory.endsWith(SUFFIX) ? directory.slice(0, -SUFFIX.length) : directory;
}

/** The directories, below the root, that may hold a service's instances. */
export function directoriesOf(service: string): readonly string[] {
  return [service, `${service}${SUFFIX}`].filter((directory) => serviceOf(directory) === service);
}

/** The directory that a service's instances are written to. */
export function directoryToWrite(root: string, service: string): string {
  return joinPath(root, root === EXAMPLE_ROOT ? `${service}${SUFFIX}` : service);
}

/** The root and the service of a directory of instances, where it is as in nerve's examples. */
export function exampleOf(directory: string) {
  const [, root, service] = /^(.*\/services)\/([^/]+)\/services$/.exec(directory) ?? [];
  return root === undefined || service === undefined ? undefined : { root, service };
}
