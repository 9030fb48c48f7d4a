import {
  isZooKeeperError,
  joinPath,
  type Logger,
  mayFollow,
  persistently,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import { ConfigError, isConfigError } from '../config-error.ts';
import type { NamespaceRef } from '../model/names.ts';
import { ChunkCache } from '../store/chunk-cache.ts';
import { absent, NEW_POINTER } from '../store/namespace-state.ts';
import { isName, type Paths } from '../store/paths.ts';
import { type ApplicationRecord, parse } from '../store/records.ts';
import { LiveNamespace } from './live-namespace.ts';

/** What a follower tells. */
export interface FollowerHandlers {
  application(name: string, record: ApplicationRecord | undefined): void;
  namespace(ref: NamespaceRef, namespace: LiveNamespace | undefined): void;
  /** Everything that was written before is told. */
  complete(): void;
  /** Something may be missed from here on, until `complete`. */
  gap(): void;
  /** All that was written up to this transaction is told; or is with what is told next. */
  seen(zxid: bigint): void;
}

export interface FollowerOptions {
  readonly zk: ZooKeeper;
  readonly paths: Paths;
  readonly logger: Logger;
  readonly handlers: FollowerHandlers;
  /** What is known of a namespace. */
  known(ref: NamespaceRef): LiveNamespace | undefined;
  /** All paths of which something is known. */
  knownPaths(): Iterable<string>;
}

/** Between two looks at a server that has no recursive watches, in milliseconds. */
const POLL = 2_000;
/** Znodes that are read at once. */
const AT_ONCE = 32;
/** A pointer whose content is gone is read again so often: it has moved on. */
const TRIES = 5;
/** Bytes of chunks that are remembered: entries are kept as they are read. */
const CACHE = 4 * 1024 * 1024;

/** Follows all applications: reads what changes, and tells it with all that it points to. */
export class TreeFollower {
  readonly #options: FollowerOptions;
  readonly #chunks: ChunkCache;
  /** Paths that have to be read. */
  readonly #dirty = new Set<string>();
  #everything = true;
  /** All was read since something was missed. */
  #whole = false;
  #wake: (() => void) | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#chunks = new ChunkCache(options.zk, CACHE);
  }

  /** Follows until the signal aborts. @throws what is wrong for good */
  async run(signal: AbortSignal): Promise<void> {
    const { zk, paths, handlers } = this.#options;
    const watch = await persistently(
      zk,
      () =>
        zk.addWatch(paths.root, {
          recursive: true,
          poll: POLL,
          signal,
          listener: (event) => {
            if (event.type === 'reset') {
              this.#everything = true;
              this.#whole = false;
              handlers.gap();
            } else if (event.path === paths.root) this.#everything = true;
            else if (event.type !== 'children' && paths.at(event.path) !== undefined)
              this.#dirty.add(event.path);
            else return;
            this.#wake?.();
          },
        }),
      signal,
    );
    const abort = () => this.#wake?.();
    signal.addEventListener('abort', abort, { once: true });
    try {
      while (!signal.aborted) {
        if (this.#everything) await this.#readAll(signal);
        else if (this.#dirty.size > 0) await this.#readSome(signal);
        else await this.#news();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', abort);
      await watch.close();
    }
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    const { zk, paths, handlers, knownPaths } = this.#options;
    this.#everything = false;
    try {
      await zk.sync(paths.root, { signal });
      const found = new Set<string>(knownPaths());
      const applications = await absent(zk.children(paths.root, { signal }));
      for (const application of (applications?.children ?? []).filter(isName)) {
        const path = joinPath(paths.root, application);
        found.add(path);
        const namespaces = await absent(zk.children(path, { signal }));
        for (const namespace of (namespaces?.children ?? []).filter(isName))
          found.add(joinPath(path, namespace));
      }
      for (const path of found) this.#dirty.add(path);
      await this.#readSome(signal);
      if (this.#everything) return;
      this.#whole = true;
      handlers.complete();
    } catch (error) {
      if (!mayFollow(zk, error)) throw error;
      this.#everything = true;
      await persistently(zk, () => zk.sync(paths.root, { signal }), signal);
    }
  }

  async #readSome(signal: AbortSignal): Promise<void> {
    const all = [...this.#dirty];
    this.#dirty.clear();
    for (let i = 0; i < all.length; i += AT_ONCE)
      await Promise.all(all.slice(i, i + AT_ONCE).map((path) => this.#read(path, signal)));
    // Of what was written until then nothing is unread: its events came before the answers.
    const { zk, handlers } = this.#options;
    if (this.#dirty.size === 0 && !this.#everything) handlers.seen(zk.lastZxid);
  }

  async #read(path: string, signal: AbortSignal): Promise<void> {
    const { paths, logger } = this.#options;
    const at = paths.at(path);
    if (at === undefined) return;
    try {
      if (at.namespace === undefined) await this.#readApplication(at.application, path, signal);
      else
        await this.#readNamespace(
          { application: at.application, namespace: at.namespace },
          path,
          signal,
        );
    } catch (error) {
      const { zk } = this.#options;
      if (signal.aborted) throw error;
      if (mayFollow(zk, error)) {
        this.#dirty.add(path);
        await persistently(zk, () => zk.sync(path, { signal }), signal);
        return;
      }
      if (!(error instanceof ConfigError) && !isZooKeeperError(error, 'NO_AUTH')) throw error;
      // What was read before still holds.
      logger.warn(
        { path, err: error },
        'configuration can not be read: what was there before holds',
      );
    }
  }

  async #readApplication(name: string, path: string, signal: AbortSignal): Promise<void> {
    const { zk, handlers } = this.#options;
    const node = await absent(zk.get(path, { signal }));
    if (node === undefined) return handlers.application(name, undefined);
    const record = parse('application', node.data, path);
    this.#seen(node.stat.mzxid);
    handlers.application(name, record);
  }

  async #readNamespace(ref: NamespaceRef, path: string, signal: AbortSignal): Promise<void> {
    const { zk, paths, handlers, known } = this.#options;
    for (let tries = 1; ; tries++) {
      const node = await absent(zk.get(path, { signal }));
      if (node === undefined) return handlers.namespace(ref, undefined);
      const pointer = node.data.length === 0 ? NEW_POINTER : parse('pointer', node.data, path);
      if (pointer.deleted) return handlers.namespace(ref, undefined);
      try {
        const load = this.#chunks.loader(paths.namespace(ref), signal);
        const namespace = await LiveNamespace.load(pointer, known(ref), load);
        this.#seen(node.stat.mzxid);
        return handlers.namespace(ref, namespace);
      } catch (error) {
        if (!isConfigError(error, 'NOT_FOUND') || tries === TRIES) throw error;
      }
    }
  }

  /** Who is told of it is told how new it is, and doesn't take what is older from others then. */
  #seen(zxid: bigint): void {
    if (this.#whole) this.#options.handlers.seen(zxid);
  }

  async #news(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
  }
}
