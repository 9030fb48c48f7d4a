import { NO_LOCALITY } from '@meshkeeper/mesh';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Dialect } from '../dialect.ts';
import { Identifier } from '../mirror/identifier.ts';
import { rootOf } from '../root.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { TreeReader } from '../tree/tree-reader.ts';
import type { LintedInstance, RegistryRead } from './registry-read.ts';

/** A registry to be read. */
export interface LintedRegistry {
  readonly name: string;
  readonly dialect: Dialect;
  /** Default: the dialect's. */
  readonly root?: string | undefined;
  readonly prefix?: string | undefined;
  readonly zk: ZooKeeper;
}

/** Reads all of a registry, and leaves no watch. */
export async function readRegistry(
  registry: LintedRegistry,
  signal: AbortSignal,
): Promise<RegistryRead> {
  const { dialect, zk } = registry;
  const root = rootOf(registry);
  const nodes = new Map<string, ZNode>();
  const unreadable = new Map<string, string>();
  for (const tree of dialect.trees(root)) {
    await zk.sync(tree, { signal });
    const reader = new TreeReader({ zk, root: tree, signal, watch: undefined });
    for await (const reads of reader.subtrees([tree]))
      for (const read of reads) {
        if (read.type === 'node') nodes.set(read.path, read.node);
        if (read.type === 'unreadable') unreadable.set(read.path, read.error.message);
      }
  }
  return understood({ ...registry, root }, nodes, unreadable);
}

/** What a dialect makes of the znodes of a registry. Pure. */
export function understood(
  {
    name,
    dialect,
    root,
    prefix = '',
  }: Omit<LintedRegistry, 'zk' | 'root'> & { readonly root: string },
  nodes: ReadonlyMap<string, ZNode>,
  unreadable: ReadonlyMap<string, string> = new Map(),
): RegistryRead {
  const reading = dialect.reading({ registry: name, root, locality: NO_LOCALITY });
  const identifier = new Identifier(dialect, root);
  const instances: LintedInstance[] = [];
  for (const node of nodes.values()) {
    const found = identifier.endpoints(node);
    // Of two with one address a mirrored one is no duplicate: nobody reads it as its own.
    if (identifier.isMirrored(node)) continue;
    for (const _ of reading.put(node));
    for (const { service, endpoint } of found) {
      const { id, address, port, metadata } = endpoint;
      instances.push({
        ...{ registry: name, path: node.path, service: `${prefix}${service}` },
        ...{ id, address, port, protocol: metadata.protocol ?? '' },
      });
    }
  }
  return { name, dialect, root, prefix, nodes, unreadable, reading, instances };
}
