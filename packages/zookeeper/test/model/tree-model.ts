import { parentOf } from '../../src/index.ts';
import type { Write } from './command.ts';

interface Node {
  readonly version: number;
  /** Children ever created. */
  readonly creates: number;
  readonly children: number;
}

/** What a successful write did to the tree. */
export interface Effect {
  readonly type: 'created' | 'deleted' | 'changed';
  readonly path: string;
}

export type Outcome =
  | { readonly error: string }
  | { readonly value: unknown; readonly effects: readonly Effect[] };

const ROOT = { version: 0, creates: 0, children: 0 };

/** ZooKeeper's tree as it should be: a map, replaced by the next one. `''` is the root. */
export class TreeModel {
  #nodes: ReadonlyMap<string, Node> = new Map([['', ROOT]]);

  node(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  names(path: string): string[] {
    const below = [...this.#nodes.keys()].filter((other) => other !== '' && up(other) === path);
    return below.map((other) => other.slice(path.length + 1)).sort();
  }

  /** Does all of these or none. */
  apply(writes: readonly Write[]): Outcome {
    const nodes = new Map(this.#nodes);
    const effects: Effect[] = [];
    const values: unknown[] = [];
    for (const write of writes) {
      const outcome = step(nodes, write);
      if ('error' in outcome) return outcome;
      effects.push(...outcome.effects);
      values.push(outcome.value);
    }
    this.#nodes = nodes;
    return { value: values, effects };
  }
}

function step(nodes: Map<string, Node>, write: Write): Outcome {
  if (write.op === 'create') return create(nodes, write.path, write.sequential);
  const { op, path, version } = write;
  const node = nodes.get(path);
  if (node === undefined) return { error: 'NO_NODE' };
  if (version !== -1 && version !== node.version) return { error: 'BAD_VERSION' };
  if (op === 'check') return { value: 'check', effects: [] };
  if (op === 'set') {
    nodes.set(path, { ...node, version: node.version + 1 });
    return { value: node.version + 1, effects: [{ type: 'changed', path }] };
  }
  if (node.children > 0) return { error: 'NOT_EMPTY' };
  nodes.delete(path);
  const parent = nodes.get(up(path));
  if (parent) nodes.set(up(path), { ...parent, children: parent.children - 1 });
  return { value: 'delete', effects: [{ type: 'deleted', path }] };
}

function create(nodes: Map<string, Node>, wish: string, sequential: boolean): Outcome {
  const parent = nodes.get(up(wish));
  if (parent === undefined) return { error: 'NO_NODE' };
  const path = sequential ? wish + `${parent.creates}`.padStart(10, '0') : wish;
  if (nodes.has(path)) return { error: 'NODE_EXISTS' };
  nodes.set(up(wish), { ...parent, creates: parent.creates + 1, children: parent.children + 1 });
  nodes.set(path, ROOT);
  return { value: path, effects: [{ type: 'created', path }] };
}

function up(path: string): string {
  const parent = parentOf(path);
  return parent === '/' ? '' : parent;
}
