import {
  isZooKeeperError,
  joinPath,
  persistently,
  type TransactionOp,
} from '@meshkeeper/zookeeper';
import { ConfigError, isConfigError } from '../config-error.ts';
import { type Actor, authorize } from '../model/actor.ts';
import type { NamespaceRef } from '../model/names.ts';
import type { Applications } from './applications.ts';
import { changeNamespace } from './change-namespace.ts';
import type { StoreContext } from './context.ts';
import { absent } from './namespace-state.ts';
import { isName } from './paths.ts';
import { parse } from './records.ts';
import { checkTag } from './tags.ts';

/** Znodes that one transaction removes, at most. */
const AT_ONCE = 2_000;
/** Tries while others write what is removed. */
const TRIES = 16;
/** Applications that an error names, at most. */
const NAMED = 5;

/** What is said of a removal. */
export interface RemoveOptions {
  /** What was seen of it; `*` for whatever is there. */
  readonly tag: string;
  /** Although others link to it. Default false. */
  readonly force?: boolean;
}

/** Takes namespaces and applications away, with all that was ever in them. */
export class Removal {
  readonly #context: StoreContext;
  readonly #applications: Applications;

  constructor(context: StoreContext, applications: Applications) {
    this.#context = context;
    this.#applications = applications;
  }

  /**
   * Removes an application, with all namespaces that it has, one after the other: it may be interrupted,
   * and asked for again.
   * @throws ConfigError FORBIDDEN, NOT_FOUND, STALE; CONFLICT while others link to a namespace of it; BUSY
   */
  async removeApplication(
    application: string,
    { tag, force = false }: RemoveOptions,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<void> {
    authorize(actor, 'administer');
    const { zk, paths } = this.#context;
    const path = paths.application(application);
    if (!force) await this.#checkLinks(application, signal);
    await this.#applications.condemn(application, tag, actor, signal);
    for (let tries = 0; tries < TRIES; tries++) {
      for (const { namespace } of await this.#applications.namespaces(application, signal))
        try {
          await this.remove({ application, namespace }, '*', actor, signal);
        } catch (error) {
          if (!isConfigError(error, 'NOT_FOUND')) throw error; // somebody else removes it, too
        }
      await this.sweep(application, signal);
      const folder = paths.signals(application);
      const read = await persistently(zk, () => absent(zk.children(folder, { signal })), signal);
      const ops = [
        ...(read?.children ?? []).map((name) => joinPath(folder, name)),
        ...(read === undefined ? [] : [folder]),
        path,
      ].map((each): TransactionOp => ({ op: 'delete', path: each }));
      try {
        await persistently(zk, () => zk.multi(ops, { signal }), signal);
        return;
      } catch (error) {
        if (!isZooKeeperError(error, 'NO_NODE') && !isZooKeeperError(error, 'NOT_EMPTY'))
          throw error;
        // The answer was lost, somebody else was first, or has begun a namespace: look again.
        if ((await persistently(zk, () => zk.exists(path, { signal }), signal)) === null) return;
      }
    }
    throw new ConfigError('BUSY', `others go on writing ${application}: try again`);
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

  async #checkLinks(application: string, signal: AbortSignal): Promise<void> {
    const linking: string[] = [];
    for (const other of await this.#applications.list(signal)) {
      if (other === application) continue;
      try {
        const { links } = await this.#applications.get(other, signal);
        if (links.some((link) => link.application === application)) linking.push(other);
      } catch (error) {
        if (!isConfigError(error, 'NOT_FOUND')) throw error; // it was removed meanwhile
      }
    }
    if (linking.length === 0) return;
    const more = linking.length > NAMED ? ` and ${linking.length - NAMED} more` : '';
    throw new ConfigError(
      'CONFLICT',
      `${linking.slice(0, NAMED).join(', ')}${more} would lose what is taken from ${application}: take the links away, or force it`,
    );
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
