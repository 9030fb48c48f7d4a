import { isZooKeeperError, joinPath, type ZooKeeper } from '@meshkeeper/zookeeper';
import type { Command } from 'commander';
import { print } from '../../output/format.ts';
import { wholeNumber } from '../../whole-number.ts';
import type { Access, AddVerb } from './access.ts';

/** A znode with what is below it. */
interface Branch {
  readonly name: string;
  readonly path: string;
  readonly children: readonly Branch[];
  /** Children that were left out because of the depth. */
  readonly more: number;
}

/** Deep enough for every registry; `/` of a large ensemble is not printed by mistake. */
const DEPTH = 5;

/** The verb that shows a subtree. */
export function addTreeVerb(add: AddVerb, { use, path: znode }: Access): void {
  add('tree', 'a znode and what is below it', ['tree /services', 'tree / --depth 2'])
    .argument('[path]', 'the znode', znode, znode('/'))
    .option('--depth <n>', 'levels to show', wholeNumber, DEPTH)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client, { output }) => {
        const { depth } = command.opts<{ depth: number }>();
        const tree = await read(client, path, path, depth);
        await print(tree, output, (branch) => [branch.name, ...lines(branch, '')].join('\n'));
      }),
    );
}

async function read(zk: ZooKeeper, path: string, name: string, depth: number): Promise<Branch> {
  const names = [...(await childrenOf(zk, path, name === path))].sort();
  if (depth === 0) return { name, path, children: [], more: names.length };
  const children: Branch[] = [];
  // One after the other: this is for people, not for speed.
  for (const child of names) children.push(await read(zk, joinPath(path, child), child, depth - 1));
  return { name, path, children, more: 0 };
}

/** What went between the list and the read is left out; a root that isn't there is an error. */
async function childrenOf(zk: ZooKeeper, path: string, root: boolean): Promise<readonly string[]> {
  try {
    return (await zk.children(path)).children;
  } catch (error) {
    if (!root && (isZooKeeperError(error, 'NO_NODE') || isZooKeeperError(error, 'NO_AUTH')))
      return [];
    throw error;
  }
}

function lines({ children, more }: Branch, indent: string): string[] {
  const below = children.flatMap((child, i) => {
    const last = i === children.length - 1 && more === 0;
    return [
      `${indent}${last ? '└── ' : '├── '}${child.name}`,
      ...lines(child, `${indent}${last ? '    ' : '│   '}`),
    ];
  });
  return more === 0 ? below : [...below, `${indent}└── … ${more} more`];
}
