import { isZooKeeperError } from '@meshkeeper/zookeeper';
import { isConfigError } from '../config-error.ts';
import type { Actor } from '../model/actor.ts';
import { authorize } from '../model/actor.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import type { Applications } from './applications.ts';
import type { StoreContext } from './context.ts';
import { foundApplication } from './found.ts';
import type { Grays } from './grays.ts';
import { absent } from './namespace-state.ts';
import { persistently } from './persistently.ts';
import { encode, parse, type SignalRecord } from './records.ts';

/** A gray release that was ended. */
export interface Abandoned extends NamespaceRef {
  readonly gray: string;
  readonly reason: string;
}

/** Who ends what ends by itself. */
const ITSELF: Actor = { name: 'meshkeeper', roles: ['publisher'] };

/** Signs that something is wrong, and what they end. */
export class Signals {
  readonly #context: StoreContext;
  readonly #applications: Applications;
  readonly #grays: Grays;

  constructor(context: StoreContext, applications: Applications, grays: Grays) {
    this.#context = context;
    this.#applications = applications;
    this.#grays = grays;
  }

  /**
   * Raises a signal: keeps it, and ends what it ends. What is not ended because this process dies, the
   * leader's `sweep` ends.
   * @throws ConfigError FORBIDDEN
   */
  async raise(
    application: string,
    name: string,
    detail: string | undefined,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<readonly Abandoned[]> {
    authorize(actor, 'publish');
    const { zk, paths, now, audit } = this.#context;
    const path = paths.signal(application, name);
    const record = { at: now(), by: actor.name, ...(detail !== undefined && { detail }) };
    const data = encode('signal', record);
    await foundApplication(this.#context, application, signal);
    for (const each of [paths.signals(application), path])
      try {
        await persistently(zk, () => zk.create(each, '', { signal }), signal);
      } catch (error) {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
      }
    const event = { action: 'signal', actor: actor.name, at: record.at, application };
    const ops = audit({ ...event, details: { signal: name } });
    await persistently(zk, () => zk.multi([{ op: 'set', path, data }, ...ops], { signal }), signal);
    return this.sweep(application, signal);
  }

  /** What was raised, by name. */
  async list(application: string, signal: AbortSignal): Promise<ReadonlyMap<string, SignalRecord>> {
    const { zk, paths } = this.#context;
    const read = await persistently(
      zk,
      () => absent(zk.children(paths.signals(application), { signal })),
      signal,
    );
    const raised = new Map<string, SignalRecord>();
    for (const name of [...(read?.children ?? [])].sort()) {
      const path = paths.signal(application, name);
      const node = await persistently(zk, () => absent(zk.get(path, { signal })), signal);
      // It is made before it is raised.
      if (node !== undefined && node.data.length > 0)
        raised.set(name, parse('signal', node.data, path));
    }
    return raised;
  }

  /** Ends the gray releases of an application whose signal was raised since they are, or whose time is up. */
  async sweep(application: string, signal: AbortSignal): Promise<readonly Abandoned[]> {
    const raised = await this.list(application, signal);
    const abandoned: Abandoned[] = [];
    for (const { namespace, pointer } of await this.#applications.namespaces(application, signal)) {
      const ref = { application, namespace };
      for (const { name, abandonOn, until, release } of pointer.grays) {
        const cause = abandonOn.find((each) => (raised.get(each)?.at ?? -1) >= release.at);
        const late = until !== undefined && until <= this.#context.now();
        if (cause === undefined && !late) continue;
        const detail = cause === undefined ? undefined : raised.get(cause)?.detail;
        const reason =
          cause === undefined
            ? 'its time is up'
            : `the signal ${cause} was raised${detail === undefined ? '' : `: ${detail}`}`;
        try {
          await this.#grays.abandon(ref, name, reason, ITSELF, signal);
        } catch (error) {
          if (isConfigError(error, 'NOT_FOUND')) continue; // somebody else was first
          throw error;
        }
        this.#context.logger.warn({ gray: name, reason }, `${refText(ref)}: abandoned`);
        this.#context.onOwnDeed({ type: 'abandoned', ...ref, gray: name, reason });
        abandoned.push({ ...ref, gray: name, reason });
      }
    }
    return abandoned;
  }
}
