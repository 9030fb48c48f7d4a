import { parentOf } from '@meshkeeper/zookeeper';
import type { Dialect } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import type { FoundRegistry } from './discover.ts';

/** What was found of one registry. */
interface Found {
  readonly dialect: string;
  /** Undefined while only directories are known of it. */
  root: string;
  readonly services: Set<string>;
  instances: number;
  readonly example: string;
}

/** Makes registries of the instances that dialects recognise. Pure. */
export class Findings {
  readonly #dialects: readonly Dialect[];
  readonly #found = new Map<string, Found>();

  constructor(dialects: readonly Dialect[]) {
    this.#dialects = dialects;
  }

  /** Takes a znode, whatever it is. */
  take(node: ZNode): void {
    const { path } = node;
    for (const { name: dialect, recognise } of this.#dialects) {
      const recognised = recognise(node);
      if (recognised === undefined) continue;
      const { root, service, instances = 1 } = recognised;
      // One that doesn't tell its root shares it with all others of the same top-level znode.
      const key = `${dialect} ${root ?? `${topOf(path)} and below`}`;
      const above = root ?? parentOf(parentOf(path));
      const found = this.#found.get(key);
      if (found === undefined) {
        const services = new Set([root === undefined ? parentOf(path) : service]);
        this.#found.set(key, { dialect, root: above, services, instances, example: path });
        continue;
      }
      found.root = commonAncestor(found.root, above);
      found.services.add(root === undefined ? parentOf(path) : service);
      found.instances += instances;
    }
  }

  /** By root and dialect. */
  registries(): FoundRegistry[] {
    return [...this.#found.values()]
      .map(({ services, ...found }) => ({ ...found, services: services.size }))
      .sort((a, b) => (`${a.root} ${a.dialect}` < `${b.root} ${b.dialect}` ? -1 : 1));
  }
}

function topOf(path: string): string {
  return path.slice(0, `${path}/`.indexOf('/', 1));
}

function commonAncestor(a: string, b: string): string {
  let ancestor = a;
  while (ancestor !== '/' && b !== ancestor && !b.startsWith(`${ancestor}/`))
    ancestor = parentOf(ancestor);
  return ancestor;
}
