import { joinPath } from '@meshkeeper/zookeeper';

/** What a znode is by its path. */
export type Place =
  /** A server's announcement, or something in its place. */
  | { readonly type: 'uri'; readonly cluster: string }
  /** Where a cluster's servers announce themselves. */
  | { readonly type: 'directory'; readonly cluster: string }
  /** What a cluster is. */
  | { readonly type: 'cluster'; readonly cluster: string }
  /** What a service is. */
  | { readonly type: 'service'; readonly service: string };

/** Where the servers are. */
export function urisOf(root: string): string {
  return joinPath(root, 'uris');
}

/** The place of a znode; undefined of what says nothing. */
export function placeOf(root: string, path: string): Place | undefined {
  const prefix = root === '/' ? '/' : `${root}/`;
  if (!path.startsWith(prefix)) return undefined;
  const [kind, name, ...more] = path.slice(prefix.length).split('/');
  if (name === undefined) return undefined;
  if (kind === 'uris')
    return more.length === 0
      ? { type: 'directory', cluster: name }
      : more.length === 1
        ? { type: 'uri', cluster: name }
        : undefined;
  // Below a cluster are the names of its services, for people.
  if (more.length > 0) return undefined;
  if (kind === 'clusters') return { type: 'cluster', cluster: name };
  return kind === 'services' ? { type: 'service', service: name } : undefined;
}

/** What the name of a symbolic link begins with. */
const LINK = '$';

/** Whether this is the name of a link, whose znode holds the path that is meant. */
export function isLink(cluster: string): boolean {
  return cluster.startsWith(LINK);
}
