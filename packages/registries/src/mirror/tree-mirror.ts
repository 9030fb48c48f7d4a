import { setTimeout } from 'node:timers/promises';
import type { Mark, Service } from '@meshkeeper/mesh';
import { type Logger, type Stat, type ZooKeeper, ZooKeeperError } from '@meshkeeper/zookeeper';
import type { Dialect } from '../dialect.ts';
import { created } from '../register/created.ts';
import { rootOf } from '../root.ts';
import { each } from '../tree/each.ts';
import type { TreeEvent } from '../tree/tree-change.ts';
import { watchTree } from '../tree/watch-tree.ts';
import { type MirrorProblem, type MirrorStep, MirrorTarget } from './target.ts';

/** What a mirror takes. */
export interface TreeMirrorOptions {
  /** Opened with `onExpired: 'renew'`; it stays the caller's to close, and the znodes go with it. */
  readonly zk: ZooKeeper;
  readonly dialect: Dialect;
  /** Default: the dialect's. */
  readonly root?: string | undefined;
  /** Whose znodes are this mirror's. No two that run at a time should share one. */
  readonly mark: Mark;
  /** Whether all that is to be mirrored is known: until then nothing is deleted. */
  readonly known: () => boolean;
  readonly logger: Logger;
}

/** Writes under way at once: it is a guest. */
const CONCURRENCY = 16;
/** Before another look at a directory where a write failed, in milliseconds. */
const PAUSE = 100;
/** The same where ZooKeeper refused it. */
const LONG_PAUSE = 10_000;

/**
 * Keeps services published in a tree of another dialect, as ephemerals, for consumers that read only
 * that. It writes once the whole tree was read, only what differs, and deletes only what bears its
 * mark; what stands in the way, and what the dialect can't say, are `problems`.
 */
export class TreeMirror implements AsyncDisposable {
  readonly #options: TreeMirrorOptions;
  readonly #target: MirrorTarget;
  readonly #stop = new AbortController();
  readonly #incomplete: Set<string>;
  readonly #running: Promise<unknown>;
  readonly #unlisten: () => void;
  #dirty = new Set<string>();
  #retired = false;
  /** Writes are under way, or about to be. */
  #busy = false;
  #writes = 0;
  #wake: (() => void) | undefined;

  /** Begins at once. */
  constructor(options: TreeMirrorOptions) {
    const { dialect, mark, zk, logger } = options;
    const root = rootOf(options);
    this.#options = options;
    this.#target = new MirrorTarget(dialect, root, mark);
    const trees = dialect.trees(root);
    this.#incomplete = new Set(trees);
    // Another session has nothing yet.
    this.#unlisten = zk.onState(({ type }) => {
      if (type === 'connected') this.look();
    });
    const { signal } = this.#stop;
    const guarded = (running: Promise<void>) =>
      running.catch((err: unknown) => {
        if (!signal.aborted) logger.warn({ rule: mark.rule, err }, 'a mirror can not go on');
      });
    this.#running = Promise.all([
      ...trees.map((tree) => guarded(this.#follow(tree, signal))),
      guarded(this.#write(signal)),
    ]);
  }

  /** Why endpoints aren't mirrored. */
  get problems(): readonly MirrorProblem[] {
    return this.#target.problems;
  }

  /** How many endpoints are mirrored. */
  get size(): number {
    return this.#target.size;
  }

  /** How often it has written since it began. */
  get writes(): number {
    return this.#writes;
  }

  /** True while the whole tree was read, and all that was wanted is there. */
  get settled(): boolean {
    return this.#incomplete.size === 0 && this.#dirty.size === 0 && !this.#busy;
  }

  /** Says what is to be mirrored of a service now; undefined when nothing is. */
  want(name: string, service: Service | undefined): void {
    this.#mark(this.#target.want(name, service));
  }

  /** Looks at all of it again: what may be deleted may have changed. */
  look(): void {
    this.#mark(this.#target.directories);
  }

  /** Writes no more: another is about to take over what is there. */
  retire(): void {
    this.#retired = true;
  }

  /** Resolves when another has taken over all of it, or the signal aborts. */
  async handedOver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#stop.signal.aborted) {
      const { state } = this.#options.zk;
      if (state.type !== 'connected' || !this.#target.has(state.sessionId)) return;
      await setTimeout(PAUSE / 10, undefined, { signal }).catch(() => {});
    }
  }

  /** Ends it. Its znodes stay until somebody replaces them or the session ends. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unlisten();
    this.#wake?.();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #follow(tree: string, signal: AbortSignal): Promise<void> {
    const { zk, logger } = this.#options;
    const unreadable = (path: string, err: Error) =>
      logger.debug({ path, err }, 'a znode in a mirror can not be read');
    for await (const event of watchTree(zk, tree, { signal, unreadable })) this.#apply(tree, event);
  }

  #apply(tree: string, event: TreeEvent): void {
    switch (event.type) {
      case 'changes': {
        const removed = event.removed.map(({ path }) => this.#target.remove(path));
        this.#mark([...removed, ...event.upserted.map((node) => this.#target.put(node))]);
        return;
      }
      case 'gap':
        this.#incomplete.add(tree);
        return;
      case 'complete':
        this.#incomplete.delete(tree);
        this.look();
    }
  }

  #mark(directories: Iterable<string>): void {
    for (const directory of directories) this.#dirty.add(directory);
    this.#wake?.();
  }

  /** What has come until the last write was through is one round. */
  async #write(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { state } = this.#options.zk;
      const ready = this.#incomplete.size === 0 && !this.#retired && state.type === 'connected';
      if (!ready || this.#dirty.size === 0) {
        this.#busy = false;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#wake = resolve;
        await promise;
        continue;
      }
      this.#busy = true;
      const directories = this.#dirty;
      this.#dirty = new Set();
      const plan = { session: state.sessionId, remove: this.#options.known() };
      const steps = [...directories].flatMap((directory) =>
        this.#target.plan(directory, plan).map((step) => ({ directory, step })),
      );
      // The last is done first; what comes goes before what leaves.
      await each(CONCURRENCY, steps.toReversed(), ({ directory, step }) =>
        this.#do(step, directory, signal),
      );
    }
  }

  async #do(step: MirrorStep, directory: string, signal: AbortSignal): Promise<void> {
    try {
      if (signal.aborted || this.#retired) return;
      await this.#doing(step, signal);
      this.#writes++;
      if (step.type !== 'delete') this.#target.accepted(step.wanted);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(step, directory, error, signal);
    }
  }

  /** What is known of the tree is at once what was written, or else it would be written twice. */
  async #doing(step: MirrorStep, signal: AbortSignal): Promise<void> {
    const { zk } = this.#options;
    switch (step.type) {
      case 'create': {
        const { parents } = step.wanted.entry;
        const { path, stat } = await created(zk, { ...step.node, parents }, signal);
        this.#put(path, step.node.data, stat);
        return;
      }
      case 'set': {
        const { path, data, version } = step;
        this.#put(path, data, await zk.set(path, data, { version, signal }));
        return;
      }
      case 'replace': {
        const { path, version, node } = step;
        const [, made] = await zk.multi(
          [
            { op: 'delete', path, version },
            { op: 'create', ...node },
          ],
          { signal },
        );
        this.#target.remove(path);
        this.#put(made.path, node.data, made.stat);
        return;
      }
      case 'delete':
        await zk.delete(step.path, { version: step.version, signal });
        this.#target.remove(step.path);
    }
  }

  #put(path: string, data: Buffer, stat: Stat): void {
    this.#target.put({ path, data, stat });
  }

  /** Lost races are looked at anew: what has happened is told by the tree. */
  #failed(step: MirrorStep, directory: string, error: unknown, signal: AbortSignal): void {
    const again =
      (error instanceof ZooKeeperError && error.retryable) ||
      ['NODE_EXISTS', 'NO_NODE', 'BAD_VERSION', 'SESSION_EXPIRED'].some(
        (code) => error instanceof ZooKeeperError && error.code === code,
      );
    if (!again) {
      const { logger, mark } = this.#options;
      logger.warn({ rule: mark.rule, err: error }, 'an endpoint can not be mirrored');
      if (step.type !== 'delete')
        this.#target.refused(step.wanted, error instanceof Error ? error.message : String(error));
    }
    void setTimeout(again ? PAUSE : LONG_PAUSE, undefined, { signal, ref: false }).then(
      () => this.#mark([directory]),
      () => {},
    );
  }
}
