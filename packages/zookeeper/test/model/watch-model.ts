import type { Effect } from './tree-model.ts';

type List = 'data' | 'children' | 'persistent' | 'recursive';

interface Watching {
  readonly list: List;
  readonly path: string;
  readonly told: string[];
}

/** Who should be told what. */
export class WatchModel {
  readonly #watches = new Set<Watching>();

  /** Sets a watch; what it is told goes into `told`. */
  add(list: List, path: string, told: string[]): Watching {
    const watch = { list, path, told };
    this.#watches.add(watch);
    return watch;
  }

  remove(watch: Watching): void {
    this.#watches.delete(watch);
  }

  /** Takes off all one-shot watches of a list at a path; false when there was none. */
  removeAll(list: 'data' | 'children', path: string): boolean {
    const there = [...this.#watches].filter((watch) => watch.list === list && watch.path === path);
    for (const watch of there) this.remove(watch);
    return there.length > 0;
  }

  happened({ type, path }: Effect): void {
    for (const watch of this.#watches) {
      if (!concerns(watch, type, path)) continue;
      watch.told.push(`${type} ${path}`);
      if (watch.list === 'data' || watch.list === 'children') this.remove(watch);
    }
    if (type === 'changed' || path === '') return; // its parent is nobody's here
    const parent = path.slice(0, path.lastIndexOf('/'));
    for (const watch of this.#watches) {
      if (watch.path !== parent || (watch.list !== 'children' && watch.list !== 'persistent'))
        continue;
      watch.told.push(`children ${parent}`);
      if (watch.list === 'children') this.remove(watch);
    }
  }
}

function concerns({ list, path: at }: Watching, type: Effect['type'], path: string): boolean {
  if (list === 'recursive') return path === at || path.startsWith(`${at}/`);
  return path === at && (list !== 'children' || type === 'deleted');
}
