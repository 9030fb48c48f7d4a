import { randomUUID } from 'node:crypto';
import { isZooKeeperError, persistently } from '@meshkeeper/zookeeper';
import { ConfigError } from '../config-error.ts';
import { type Actor, authorize } from '../model/actor.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import { changeNamespace } from './change-namespace.ts';
import type { StoreContext } from './context.ts';
import { absent } from './namespace-state.ts';
import { encode, parse, type ScheduledRecord } from './records.ts';
import { checkBase, type Published, type PublishOptions, type Releases } from './releases.ts';

/** What became of a release that was due. */
export type Outcome =
  | { readonly type: 'published'; readonly published: Published }
  /** It could not follow the head any more; it stays, and says why. */
  | { readonly type: 'failed'; readonly by: string; readonly error: ConfigError }
  /** Somebody else has done it, or called it off. */
  | { readonly type: 'gone' };

/** Scheduled releases of a namespace, at most. */
const MAX_SCHEDULED = 100;

/** Releases to come. Who is the leader publishes them; that two think they are doesn't matter. */
export class Schedule {
  readonly #context: StoreContext;
  readonly #releases: Releases;

  constructor(context: StoreContext, releases: Releases) {
    this.#context = context;
    this.#releases = releases;
  }

  /**
   * Sets the draft aside, to be published then.
   * @param at milliseconds since the epoch
   * @throws ConfigError as of `publish`
   */
  async add(
    ref: NamespaceRef,
    at: number,
    { message, tag }: PublishOptions,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<ScheduledRecord> {
    const { now } = this.#context;
    const take = await this.#releases.taking(ref, tag, actor, signal);
    const id = randomUUID();
    return changeNamespace(this.#context, { ref, signal }, async (state, paths) => {
      const { content, base } = take(state);
      if ((await this.list(ref, signal)).length >= MAX_SCHEDULED)
        throw new ConfigError('TOO_LARGE', `${MAX_SCHEDULED} releases are scheduled already`);
      const said = message === undefined ? {} : { message };
      const record = { id, at, content, base, since: now(), by: actor.name, ...said };
      return {
        draft: null,
        operations: [
          { op: 'create', path: paths.scheduled(id), data: encode('scheduled', record) },
        ],
        event: { action: 'schedule.add', actor: actor.name, details: { id, due: at } },
        result: record,
      };
    });
  }

  /** What is scheduled, the first due first. */
  async list(ref: NamespaceRef, signal: AbortSignal): Promise<ScheduledRecord[]> {
    const { zk } = this.#context;
    const paths = this.#context.paths.namespace(ref);
    const children = await persistently(
      zk,
      () => absent(zk.children(paths.schedule, { signal })),
      signal,
    );
    const reads = (children?.children ?? []).map(
      (id) => ({ op: 'get', path: paths.scheduled(id) }) as const,
    );
    if (reads.length === 0) return [];
    const read = await persistently(zk, () => zk.multiRead(reads, { signal }), signal);
    return read
      .flatMap((result) => (result.ok ? parse('scheduled', result.data, result.path) : []))
      .sort((a, b) => a.at - b.at);
  }

  /** Calls it off. @throws ConfigError FORBIDDEN, NOT_FOUND */
  async cancel(ref: NamespaceRef, id: string, actor: Actor, signal: AbortSignal): Promise<void> {
    authorize(actor, 'publish');
    await changeNamespace(this.#context, { ref, signal }, async (_, paths) => {
      if ((await this.#one(ref, id, signal)) === undefined)
        throw new ConfigError('NOT_FOUND', `${refText(ref)} has no scheduled release ${id}`);
      return {
        operations: [{ op: 'delete', path: paths.scheduled(id) }],
        event: { action: 'schedule.cancel', actor: actor.name, details: { id } },
        result: undefined,
      };
    });
  }

  /** Publishes it, in the name of who has scheduled it: once, however many try. */
  async carryOut(ref: NamespaceRef, id: string, signal: AbortSignal): Promise<Outcome> {
    const outcome = await this.#carryOut(ref, id, signal);
    const { onOwnDeed } = this.#context;
    if (outcome.type === 'published') {
      const { number: release, by } = outcome.published.release;
      onOwnDeed({ type: 'published', ...ref, id, for: by, release });
    } else if (outcome.type === 'failed') {
      const { message: reason } = outcome.error;
      onOwnDeed({ type: 'not-published', ...ref, id, for: outcome.by, reason });
    }
    return outcome;
  }

  async #carryOut(ref: NamespaceRef, id: string, signal: AbortSignal): Promise<Outcome> {
    return changeNamespace<Outcome>(this.#context, { ref, signal }, async (state, paths) => {
      const path = paths.scheduled(id);
      const scheduled = await this.#one(ref, id, signal);
      if (scheduled === undefined || scheduled.failed !== undefined)
        return { unchanged: true, result: { type: 'gone' } };
      const { content, base, by, message } = scheduled;
      const made = { kind: 'scheduled', content, by, message } as const;
      try {
        checkBase(ref, state.pointer, base, 'the scheduled release');
        const plan = await this.#releases.plan(ref, state, paths, made, signal);
        const operations = [...(plan.operations ?? []), { op: 'delete', path } as const];
        return { ...plan, operations, result: { type: 'published', published: plan.result } };
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        const data = encode('scheduled', { ...scheduled, failed: error.message });
        return {
          operations: [{ op: 'set', path, data }],
          event: { action: 'schedule.failed', actor: by, message: error.message, details: { id } },
          result: { type: 'failed', by, error },
        };
      }
    });
  }

  async #one(
    ref: NamespaceRef,
    id: string,
    signal: AbortSignal,
  ): Promise<ScheduledRecord | undefined> {
    const { zk } = this.#context;
    const path = this.#context.paths.namespace(ref).scheduled(id);
    try {
      const { data } = await persistently(zk, () => zk.get(path, { signal }), signal);
      return parse('scheduled', data, path);
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return undefined;
      throw error;
    }
  }
}
