import { persistently, type TransactionOp } from '@meshkeeper/zookeeper';
import type { NamespaceRef } from '../model/names.ts';
import { changeNamespace } from './change-namespace.ts';
import { referred } from './contents.ts';
import type { StoreContext } from './context.ts';
import { absent, type NamespaceState } from './namespace-state.ts';
import type { NamespacePaths } from './paths.ts';
import { readReleases, releaseNumbers } from './read-release.ts';
import type { ContentRef } from './records.ts';
import type { Schedule } from './schedule.ts';

/** What is kept, and what is spared. */
export interface CollectOptions {
  /** Releases of a namespace that are kept, besides those that somebody gets. Default 1,000. */
  readonly keep?: number;
  /** What is younger is spared, in milliseconds: somebody is perhaps about to refer to it. Default 60,000. */
  readonly grace?: number;
}

/** What was removed. */
export interface Collected {
  readonly releases: number;
  readonly chunks: number;
  readonly secrets: number;
}

/** Znodes that one transaction removes, at most. */
const AT_ONCE = 2_000;
/** Requests under way at once. */
const REQUESTS = 64;

/**
 * Removes old releases, and what nothing refers to any more. Safe beside everything else: a transaction
 * removes only what was garbage to who has seen everything that was written before it, and whoever was
 * about to refer to it finds that something was written, and looks again.
 */
export class Garbage {
  readonly #context: StoreContext;
  readonly #schedule: Schedule;

  constructor(context: StoreContext, schedule: Schedule) {
    this.#context = context;
    this.#schedule = schedule;
  }

  /** Collects all there is. @throws ConfigError NOT_FOUND, BUSY */
  async collect(
    ref: NamespaceRef,
    options: CollectOptions,
    signal: AbortSignal,
  ): Promise<Collected> {
    const total = { releases: 0, chunks: 0, secrets: 0 };
    for (;;) {
      const { removed, rest } = await this.#some(ref, options, signal);
      for (const what of ['releases', 'chunks', 'secrets'] as const) total[what] += removed[what];
      if (!rest) return total;
    }
  }

  async #some(
    ref: NamespaceRef,
    { keep = 1_000, grace = 60_000 }: CollectOptions,
    signal: AbortSignal,
  ): Promise<{ readonly removed: Collected; readonly rest: boolean }> {
    const { chunks, now } = this.#context;
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const numbers = await releaseNumbers(this.#context.zk, paths, signal);
      const needed = new Set(served(state));
      const dropped = numbers.slice(keep).filter((number) => !needed.has(number));
      const gone = new Set(dropped);
      const kept = numbers.filter((number) => !gone.has(number));
      const contents = await this.#contents(ref, state, kept, paths, signal);
      const used = await referred(contents, chunks.loader(paths, signal));
      const unused = async (parent: string, names: ReadonlySet<string>) => {
        const garbage = (await this.#children(parent, signal)).filter((each) => !names.has(each));
        return this.#olderThan(
          now() - grace,
          garbage.map((each) => `${parent}/${each}`),
          signal,
        );
      };
      const oldChunks = await unused(paths.content, used.chunks);
      const oldSecrets = await unused(paths.secrets, used.secrets);
      const doomed = [
        ...dropped.map((number) => paths.release(number)),
        ...oldChunks,
        ...oldSecrets,
      ];
      const removable = doomed.slice(0, AT_ONCE);
      const here = new Set(removable);
      const count = (all: readonly string[]) => all.filter((path) => here.has(path)).length;
      const removed = {
        releases: Math.min(dropped.length, AT_ONCE),
        chunks: count(oldChunks),
        secrets: count(oldSecrets),
      };
      return {
        operations: removable.map((path): TransactionOp => ({ op: 'delete', path })),
        unchanged: removable.length === 0,
        result: { removed, rest: doomed.length > removable.length },
      };
    });
  }

  async #contents(
    ref: NamespaceRef,
    { pointer, draft }: NamespaceState,
    kept: readonly number[],
    paths: NamespacePaths,
    signal: AbortSignal,
  ): Promise<ContentRef[]> {
    const records = await readReleases(this.#context.zk, paths, kept, signal);
    const scheduled = await this.#schedule.list(ref, signal);
    const all = [
      ...[...records, ...scheduled].map(({ content }) => content),
      ...pointer.grays.map(({ release }) => release.content),
      pointer.head?.content,
      draft?.content,
    ];
    return all.filter((content) => content !== undefined);
  }

  async #children(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const { zk } = this.#context;
    const read = await persistently(zk, () => absent(zk.children(path, { signal })), signal);
    return read?.children ?? [];
  }

  async #olderThan(
    moment: number,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { zk } = this.#context;
    const old: string[] = [];
    for (let i = 0; i < paths.length; i += REQUESTS)
      await Promise.all(
        paths.slice(i, i + REQUESTS).map(async (path) => {
          const stat = await persistently(zk, () => zk.exists(path, { signal }), signal);
          if (stat !== null && Number(stat.ctime) <= moment) old.push(path);
        }),
      );
    return old;
  }
}

/** Releases that somebody gets, or that a draft is based on. */
function served({ pointer, draft }: NamespaceState): number[] {
  return [
    ...(pointer.head ? [pointer.head.number] : []),
    ...pointer.grays.flatMap(({ release, base }) => [release.number, base]),
    ...(draft ? [draft.base] : []),
  ];
}
