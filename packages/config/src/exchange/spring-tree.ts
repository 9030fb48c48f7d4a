import { refOfContext } from './context.ts';
import { Gathered, type Imported } from './namespaces.ts';

/** A znode of a tree that others have written. */
export interface TreeNode {
  /** In full. */
  readonly path: string;
  readonly data: Buffer;
  /** It has none: empty, it is a value. */
  readonly leaf: boolean;
}

/**
 * Reads Spring Cloud Zookeeper's layout as Spring does: below `/config/shop,prod` each znode with data,
 * or without children, is a key; slashes are dots.
 */
export function fromSpringTree(
  nodes: Iterable<TreeNode>,
  root = '/config',
  profileSeparator = ',',
): Imported {
  const gathered = new Gathered();
  for (const { path, data, leaf } of nodes) {
    if (!path.startsWith(`${root}/`)) continue;
    const [context = '', ...parts] = path.slice(root.length + 1).split('/');
    if (parts.length === 0 || (data.length === 0 && !leaf)) continue;
    const ref = refOfContext(context, profileSeparator);
    if (ref === undefined) gathered.problem(path, 'its context is no name of an application');
    else gathered.add(ref, parts.join('.'), data.toString());
  }
  return gathered.imported();
}
