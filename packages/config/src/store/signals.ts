import { isZooKeeperError, persistently } from '@meshkeeper/zookeeper';
import { isConfigError } from '../config-error.ts';
import type { Actor } from '../model/actor.ts';
import { authorize } from '../model/actor.ts';
import { type NamespaceRef, refText } from '../model/names.ts';
import type { Applications } from './applications.ts';
import type { StoreContext } from './context.ts';
import { foundApplication } from './found.ts';
import type { Grays } from './grays.ts';
import { absent } from './namespace-state.ts';
import { encode, parse, type SignalRecord } from './records.ts';

/** A gray release that was ended. */
export interface Abandoned extends NamespaceRef {
  readonly gray: string;
  readonly reason: string;
}

/** A gray release, by its names. */
type Named = Omit<Abandoned, 'reason'>;

/** A signal, and when it was raised, as ZooKeeper counts. */
type Raised = SignalRecord & { readonly zxid: bigint };

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
    const named = await this.#naming(application, name, signal);
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
    const ended = await this.sweep(application, signal);
    // The leader may have been first: it is ended by this signal all the same.
    const left = await this.#naming(application, name, signal);
    const isOf = (one: Named) => (other: Named) =>
      one.namespace === other.namespace && one.gray === other.gray;
    const byOther = named
      .filter((each) => !left.some(isOf(each)) && !ended.some(isOf(each)))
      .map((each) => ({ ...each, reason: reasonOf(name, detail) }));
    return [...ended, ...byOther];
  }

  /** The gray releases that a signal ends. */
  async #naming(application: string, name: string, signal: AbortSignal): Promise<Named[]> {
    const all = await this.#applications.namespaces(application, signal);
    return all.flatMap(({ namespace, pointer }) =>
      pointer.grays
        .filter(({ abandonOn }) => abandonOn.includes(name))
        .map((gray) => ({ application, namespace, gray: gray.name })),
    );
  }

  /** What was raised, by name. */
  async list(application: string, signal: AbortSignal): Promise<ReadonlyMap<string, SignalRecord>> {
    const raised = await this.#raised(application, signal);
    return new Map([...raised].map(([name, { zxid: _, ...record }]) => [name, record]));
  }

  async #raised(application: string, signal: AbortSignal): Promise<ReadonlyMap<string, Raised>> {
    const { zk, paths } = this.#context;
    const read = await persistently(
      zk,
      () => absent(zk.children(paths.signals(application), { signal })),
      signal,
    );
    const raised = new Map<string, Raised>();
    for (const name of [...(read?.children ?? [])].sort()) {
      const path = paths.signal(application, name);
      const node = await persistently(zk, () => absent(zk.get(path, { signal })), signal);
      // It is made before it is raised.
      if (node !== undefined && node.data.length > 0)
        raised.set(name, { ...parse('signal', node.data, path), zxid: node.stat.mzxid });
    }
    return raised;
  }

  /** Ends the gray releases of an application whose signal was raised since they are, or whose time is up. */
  async sweep(application: string, signal: AbortSignal): Promise<readonly Abandoned[]> {
    const raised = await this.#raised(application, signal);
    const abandoned: Abandoned[] = [];
    for (const { namespace, pointer } of await this.#applications.namespaces(application, signal)) {
      const ref = { application, namespace };
      for (const { name, abandonOn, until, release } of pointer.grays) {
        const named = abandonOn.filter((each) => raised.has(each));
        const since = named.length === 0 ? 0n : await this.#zxidOf(ref, release.number, signal);
        const cause = named.find((each) => raised.get(each)!.zxid > since);
        const late = until !== undefined && until <= this.#context.now();
        if (cause === undefined && !late) continue;
        const detail = cause === undefined ? undefined : raised.get(cause)?.detail;
        const reason = cause === undefined ? 'its time is up' : reasonOf(cause, detail);
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

  /** When a release was made, as ZooKeeper counts: what replicas' clocks say may be another order. */
  async #zxidOf(ref: NamespaceRef, number: number, signal: AbortSignal): Promise<bigint> {
    const { zk, paths } = this.#context;
    const path = paths.namespace(ref).release(number);
    const stat = await persistently(zk, () => zk.exists(path, { signal }), signal);
    // What somebody gets is kept: without it the gray release is gone, and whoever ends it finds that.
    return stat?.czxid ?? 0n;
  }
}

function reasonOf(name: string, detail: string | undefined): string {
  return `the signal ${name} was raised${detail === undefined ? '' : `: ${detail}`}`;
}
