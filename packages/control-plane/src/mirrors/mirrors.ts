import { setTimeout } from 'node:timers/promises';
import {
  type Catalog,
  type DataPlane,
  type DataPlaneState,
  EMPTY_SNAPSHOT,
  type ServiceChange,
  type Snapshot,
} from '@meshkeeper/mesh';
import { LeaderLatch } from '@meshkeeper/recipes';
import { type Dialect, type MirrorProblem, TreeMirror } from '@meshkeeper/registries';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { MirrorRule } from '../config/mirror-schema.ts';
import type { Destination } from '../plugins/destinations.ts';
import { alsoIn } from './also-in.ts';
import { meshId } from './mesh-id.ts';
import { Selection } from './select.ts';

/** Who mirrors; the others stand by. */
const LEADER = '/meshkeeper/mirror/leader';
/** How long one that ends waits for its successor to take over, in milliseconds. */
const HANDOVER = 5_000;
/** Before another try to begin, in milliseconds. */
const PAUSE = 1_000;

/** A rule with what it needs. */
export interface OpenRule {
  readonly rule: MirrorRule;
  readonly dialect: Dialect;
  readonly root: string;
  /** The registries that are where it writes to. */
  readonly home: readonly string[];
  /** A client of its own for what is written: its session outlives the leader's. */
  readonly client: () => Promise<ZooKeeper>;
}

/** What `Mirrors` takes. */
export interface MirrorsOptions {
  readonly rules: readonly OpenRule[];
  /** Of the ensemble that the replicas share. */
  readonly zk: ZooKeeper;
  readonly catalog: Catalog;
  readonly logger: Logger;
}

/** How a rule stands. */
export interface MirrorStatus {
  readonly rule: MirrorRule;
  readonly root: string;
  /** `live`: all of it is there; `standby`: another replica does it. */
  readonly state: 'standby' | 'writing' | 'live';
  readonly mirrored: number;
  readonly problems: readonly MirrorProblem[];
}

/** A rule at work. */
interface Running {
  readonly selection: Selection;
  readonly mirror: TreeMirror;
}

/** Publishes what the catalog has into other dialects' trees, as long as this replica leads. */
export class Mirrors implements AsyncDisposable {
  readonly #options: MirrorsOptions;
  readonly #latch: LeaderLatch | undefined;
  readonly #stop = new AbortController();
  readonly #standing: Promise<void>;
  readonly #running = new Map<string, Running>();
  readonly #alsoIn: ReturnType<typeof alsoIn>;
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** Every registry was read completely, not only restored. */
  #known = false;
  #closing: Promise<void> | undefined;

  constructor(options: MirrorsOptions) {
    this.#options = options;
    this.#alsoIn = alsoIn(options.catalog);
    // Who mirrors nothing doesn't stand for it.
    this.#latch = options.rules.length > 0 ? new LeaderLatch(options.zk, LEADER) : undefined;
    this.#standing = this.#latch === undefined ? Promise.resolve() : this.#stand(this.#latch);
  }

  /** The rules, in their order. */
  get status(): readonly MirrorStatus[] {
    return this.#options.rules.map(({ rule, root }) => {
      const mirror = this.#running.get(rule.name)?.mirror;
      if (mirror === undefined)
        return { rule, root, state: 'standby', mirrored: 0, problems: [] } as const;
      const state = mirror.settled ? 'live' : 'writing';
      return { rule, root, state, mirrored: mirror.size, problems: mirror.problems };
    });
  }

  /** The rules as destinations, in their order. */
  get destinations(): readonly Destination[] {
    return this.#options.rules.map(({ rule: { name } }) => ({
      kind: 'mirror',
      plane: this.#plane(name),
      known: () => {
        this.#known = true;
        this.#running.get(name)?.mirror.look();
      },
      leader: this.#leader,
    }));
  }

  /** Ends it: with a successor when that has taken over, or with the session. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #plane(rule: string): DataPlane {
    const running = () => this.#running.get(rule);
    const revision = () => this.#snapshot.revision;
    const close = () => this.close();
    return {
      name: rule,
      get state(): DataPlaneState {
        const mirror = running()?.mirror;
        if (mirror === undefined) return { type: 'starting' };
        return { type: mirror.settled ? 'applied' : 'applying', revision: revision() };
      },
      get problems() {
        const problems = running()?.mirror.problems ?? [];
        return new Map(
          problems.map(({ service, endpoint, message }) => [`${service} ${endpoint}`, message]),
        );
      },
      update: (snapshot, changes) => this.#update(rule, snapshot, changes),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  #update(rule: string, snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#snapshot = snapshot;
    const running = this.#running.get(rule);
    if (running === undefined) return;
    const { selection, mirror } = running;
    for (const { name } of changes)
      mirror.want(name, selection.of(snapshot.services.get(name), this.#alsoIn));
  }

  get #leader(): NonNullable<Destination['leader']> {
    const latch = this.#latch;
    return {
      asked: latch !== undefined,
      get term() {
        return latch?.lease?.signal;
      },
    };
  }

  async #close(): Promise<void> {
    const signal = AbortSignal.timeout(HANDOVER);
    const { zk } = this.#options;
    const here = zk.state.type === 'connected' ? this.#latch : undefined;
    const others = (await here?.participants({ signal }).catch(() => [])) ?? [];
    this.#stop.abort();
    // Before another leads, or the two would take it from each other.
    for (const { mirror } of this.#running.values()) mirror.retire();
    await this.#latch?.close().catch(() => {});
    await this.#standing;
    const running = [...this.#running.values()];
    if (others.length > 1)
      await Promise.all(running.map(({ mirror }) => mirror.handedOver(signal)));
    await this.#end();
  }

  async #stand(latch: LeaderLatch): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const lease of latch.changes({ signal })) {
        // Of one that closes, what is there is handed over.
        if (signal.aborted) return;
        if (lease === undefined) await this.#end();
        else await this.#begin(AbortSignal.any([signal, lease.signal]));
      }
    } catch (err) {
      if (signal.aborted) return;
      this.#options.logger.warn(
        { err },
        'this replica can not mirror: it can not stand for leader',
      );
      await this.#end();
    }
  }

  /** Begins to mirror; gives up when the leadership ends. */
  async #begin(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const mesh = await meshId(this.#options.zk, signal);
        for (const open of this.#options.rules) {
          if (this.#running.has(open.rule.name)) continue;
          const zk = await open.client();
          if (signal.aborted) return;
          this.#start(open, zk, mesh);
        }
        return;
      } catch (err) {
        if (signal.aborted) return;
        this.#options.logger.warn({ err }, 'mirroring can not begin yet');
        await setTimeout(PAUSE, undefined, { signal }).catch(() => {});
      }
    }
  }

  #start({ rule, dialect, root, home }: OpenRule, zk: ZooKeeper, mesh: string): void {
    const { logger } = this.#options;
    const mark = { mesh, rule: rule.name };
    const known = () => this.#known;
    const mirror = new TreeMirror({ zk, dialect, root, mark, known, logger });
    const selection = new Selection(rule, home);
    this.#running.set(rule.name, { selection, mirror });
    for (const service of this.#snapshot.services)
      mirror.want(service.name, selection.of(service, this.#alsoIn));
  }

  /** What was written stays: another takes it over, or it goes with the session. */
  async #end(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map(({ mirror }) => mirror.close()));
  }
}
