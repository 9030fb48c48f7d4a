import type { NodeView, TreeView } from './node-view.ts';
import { parentOf } from './path.ts';
import type { NodeChange } from './txn.ts';

/**
 * The tree as it will be when the parts of a multi that are already decided were applied: later
 * parts are decided on this. Thrown away when one of them fails.
 */
export class PendingView implements TreeView {
  readonly #tree: TreeView;
  readonly #pending = new Map<string, NodeView | undefined>();

  constructor(tree: TreeView) {
    this.#tree = tree;
  }

  node(path: string): NodeView | undefined {
    const key = path === '/' ? '' : path;
    return this.#pending.has(key) ? this.#pending.get(key) : this.#tree.node(key);
  }

  /** Adds a decided change. */
  note(change: NodeChange): void {
    if (change.type === 'create') {
      this.#change(parentOf(change.path), (parent) => ({
        cversion: change.parentCversion,
        childCount: parent.childCount + 1,
      }));
      const { acl, owner } = change;
      const created = { acl, owner, version: 0, cversion: 0, aversion: 0, childCount: 0 };
      this.#pending.set(change.path, created);
    } else if (change.type === 'delete') {
      const less = (parent: NodeView) => ({ childCount: parent.childCount - 1 });
      this.#change(parentOf(change.path), less);
      this.#pending.set(change.path, undefined);
    } else if (change.type === 'setData') {
      this.#change(change.path, () => ({ version: change.version }));
    } else if (change.type === 'setACL') {
      this.#change(change.path, () => ({ acl: change.acl, aversion: change.version }));
    }
  }

  #change(path: string, fields: (node: NodeView) => Partial<NodeView>): void {
    const node = this.node(path);
    if (node === undefined) return;
    const { acl, version, cversion, aversion, owner, childCount } = node;
    const copy = { acl, version, cversion, aversion, owner, childCount };
    this.#pending.set(path === '/' ? '' : path, { ...copy, ...fields(node) });
  }
}
