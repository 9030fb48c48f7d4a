import { isZooKeeperError, joinPath, type TransactionOp } from '@meshkeeper/zookeeper';
import { type Actor, authorize } from '../model/actor.ts';
import type { NamespaceRef } from '../model/names.ts';
import { changeNamespace } from './change-namespace.ts';
import type { StoreContext } from './context.ts';
import { absent } from './namespace-state.ts';
import { isName } from './paths.ts';
import { persistently } from './persistently.ts';
import { parse } from './records.ts';
import { checkTag } from './tags.ts';

/** Znodes that one transaction removes, at most. */
const AT_ONCE = 2_000;

/** Takes namespaces away, with all that was ever in them. */
export class Removal {
  readonly #context: StoreContext;

  constructor(context: StoreContext) {
    this.#context = context;
  }

  /**
   * Removes a namespace. From the first moment on there is none; what is left of it is removed then.
   * @throws ConfigError FORBIDDEN, NOT_FOUND, STALE
   */
  async remove(ref: NamespaceRef, tag: string, actor: Actor, signal: AbortSignal): Promise<void> {
    authorize(actor, 'administer');
    await changeNamespace(this.#context, { ref, signal }, (state) => {
      checkTag(tag, state, ref);
      return {
        pointer: { public: false, last: state.pointer.last, grays: [], deleted: true },
        ...(state.draft && { draft: null }),
        event: { action: 'namespace.delete', actor: actor.name },
        result: undefined,
      };
    });
    await this.#clear(ref, signal);
  }

  /** Goes on with what others have begun, in an application. */
  async sweep(application: string, signal: AbortSignal): Promise<void> {
    const { zk, paths } = this.#context;
    const read = await persistently(
      zk,
      () => absent(zk.children(paths.application(application), { signal })),
      signal,
    );
    for (const namespace of (read?.children ?? []).filter(isName)) {
      const ref = { application, namespace };
      const path = paths.namespace(ref).pointer;
      const node = await persistently(zk, () => absent(zk.get(path, { signal })), signal);
      if (node !== undefined && node.data.length > 0 && parse('pointer', node.data, path).deleted)
        await this.#clear(ref, signal);
    }
  }

  async #clear(ref: NamespaceRef, signal: AbortSignal): Promise<void> {
    const { zk } = this.#context;
    const paths = this.#context.paths.namespace(ref);
    const folders = [paths.content, paths.releases, paths.schedule, paths.secrets];
    for (;;) {
      const all: string[] = [];
      for (const folder of folders) {
        const read = await persistently(zk, () => absent(zk.children(folder, { signal })), signal);
        for (const child of read?.children ?? []) all.push(joinPath(folder, child));
      }
      const last = all.length <= AT_ONCE - folders.length;
      const doomed = last ? [...all, ...folders, paths.pointer] : all.slice(0, AT_ONCE);
      const ops = doomed.map((path): TransactionOp => ({ op: 'delete', path }));
      try {
        await persistently(zk, () => zk.multi(ops, { signal }), signal);
        if (last) return;
      } catch (error) {
        if (!isZooKeeperError(error, 'NO_NODE') && !isZooKeeperError(error, 'NOT_EMPTY'))
          throw error;
        // Somebody else removes it, too, or was about to write: look again.
        const left = await persistently(zk, () => zk.exists(paths.pointer, { signal }), signal);
        if (left === null) return;
      }
    }
  }
}
