import { parentOf } from '@meshkeeper/zookeeper';
import { placeOf } from '../d2/layout.ts';
import { isDirectoryData } from '../decode/problem.ts';
import { CATEGORIES } from '../dubbo/layout.ts';
import type { ZNode } from '../tree/tree-change.ts';
import type { Finding } from './finding.ts';
import type { RegistryRead } from './registry-read.ts';

/** What may stand beside services, where the root is a whole ensemble's. */
const NOT_A_REGISTRY = /^\/(zookeeper|meshkeeper)(\/|$)/;

/**
 * Directories of services without anything in them; those within others first, as they would have to
 * be deleted. Containers look alike, and go by themselves.
 */
export function* emptyDirectories(read: RegistryRead): Generator<Finding> {
  const { name, nodes, root, instances } = read;
  const children = new Map<string, ZNode[]>();
  for (const node of nodes.values()) {
    const siblings = children.get(parentOf(node.path));
    if (node.path === '/') continue;
    if (siblings === undefined) children.set(parentOf(node.path), [node]);
    else siblings.push(node);
  }
  const registered = new Set(instances.map(({ path }) => path));
  const empty = new Set<string>();
  const isEmpty = (node: ZNode): boolean => {
    const inside = children.get(node.path) ?? [];
    return (
      node.stat.ephemeralOwner === 0n &&
      node.stat.numChildren === inside.length &&
      !registered.has(node.path) &&
      isDirectoryData(node.data) &&
      inside.every(({ path }) => empty.has(path))
    );
  };
  const deepest = [...nodes.values()]
    .filter((node) => isDirectory(read, node.path))
    .sort((a, b) => depthOf(b.path) - depthOf(a.path) || (a.path < b.path ? -1 : 1));
  for (const node of deepest) if (isEmpty(node)) empty.add(node.path);
  const below = (path: string) => (root === '/' ? path : path.slice(root.length));
  for (const { path, stat } of deepest) {
    if (!empty.has(path)) continue;
    // An interface's categories go with it: its consumers watch them as long as it is there.
    if (read.dialect.name === 'dubbo' && depthOf(below(path)) > 1 && !empty.has(parentOf(path)))
      continue;
    yield {
      ...{ code: 'empty-directory', severity: 'warning', registry: name, path },
      message: 'a directory with nothing in it',
      fix: 'Nothing, if its services come back; otherwise meshkeeper lint --collect deletes it.',
      collectable: stat.version,
    };
  }
}

/** Whether services or instances stand in what is at this path, by the dialect's layout. */
function isDirectory({ dialect, root }: RegistryRead, path: string): boolean {
  const prefix = root === '/' ? '/' : `${root}/`;
  if (!path.startsWith(prefix) || NOT_A_REGISTRY.test(path)) return false;
  // What D2's configuration says is beside: names without data among it.
  if (dialect.name === 'd2') return placeOf(root, path)?.type === 'directory';
  if (dialect.name !== 'dubbo') return true;
  const [first = '', second, ...more] = path.slice(prefix.length).split('/');
  if (more.length > 0 || ['config', 'mapping', 'metadata'].includes(first)) return false;
  return second === undefined || (CATEGORIES as readonly string[]).includes(second);
}

function depthOf(path: string): number {
  return path.split('/').length - 1;
}
