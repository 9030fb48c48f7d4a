import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { ConnectedProxy, XdsObserver } from '@meshkeeper/xds';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { Convergence, ConvergingServer } from '../convergence/convergence.ts';
import { Announcement } from './announcement.ts';
import type { Others } from './mesh-convergence.ts';
import { type Knowledge, type Member, OtherMembers } from './other-members.ts';
import { ownStatement, type PolicyRevisions } from './own-statement.ts';
import { NAMED, type Statement } from './statement.ts';
import { encodeStatement } from './statement-format.ts';

/** What the replicas are told and followed with. */
export interface MembersOptions {
  /** Of the ensemble that the replicas share. */
  readonly zk: ZooKeeper;
  readonly convergence: Convergence;
  readonly revisions: PolicyRevisions;
  readonly server: () => ConvergingServer;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The replicas of the control plane: this one tells the others of its data planes, and hears of theirs. */
export class Members implements Others, AsyncDisposable {
  /** Of this replica: its host's name, and something that no other has. */
  readonly id: string;
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;
  readonly #options: MembersOptions;
  readonly #host = hostname();
  readonly #since: number;
  readonly #arrived: string[] = [];
  readonly #listeners = new Set<() => void>();
  #running: { readonly own: Announcement; readonly others: OtherMembers } | undefined;
  /** The policies that all had when it was said last; undefined when somebody lacked them. */
  #settledAt: string | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#since = options.now();
    // Part of a path, and of tables.
    const host = this.#host.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 63) || 'replica';
    this.id = `${host}-${randomBytes(4).toString('hex')}`;
    this.observer = {
      connected: (proxy) => this.#connected(proxy),
      disconnected: () => this.#running?.own.changed(),
      applied: () => this.changed(),
      nacked: () => this.changed(),
      served: () => this.changed(),
    };
  }

  /** Begins, once, when there is a server. */
  start(): this {
    const { zk, logger } = this.#options;
    const { id } = this;
    const own = new Announcement({
      ...{ zk, id, logger },
      data: () => {
        const { own } = this;
        const { counts, sourced, policies } = own;
        const lacking =
          counts.pending + counts.rejected + (sourced?.pending ?? 0) + (sourced?.rejected ?? 0);
        const isSettled = lacking === 0 && policies !== undefined;
        this.#settledAt = isSettled ? settled(policies, sourced?.digest) : undefined;
        return encodeStatement(id, own);
      },
    });
    const others = new OtherMembers({
      ...{ zk, id, logger },
      changed: () => this.#tell(),
      heard: (data) => own.heard(data),
    });
    this.#running = { own, others };
    return this;
  }

  /** What this replica says of itself, now. */
  get own(): Statement {
    const { convergence, revisions, server } = this.#options;
    const stated = ownStatement(convergence, revisions, server().revision);
    return { host: this.#host, since: this.#since, ...stated, arrived: this.#arrived };
  }

  get list(): readonly Member[] {
    return this.#running?.others.list ?? [];
  }

  get knowledge(): Knowledge {
    return this.#running?.others.knowledge ?? 'reading';
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Policies, or what data planes have of them, may have changed. What comes while all have the newest
   * is about endpoints: the others need not know.
   */
  changed(): void {
    if (this.#running === undefined) return;
    const { revisions, server } = this.#options;
    const { revision } = server();
    const newest = revisions.policiesIn(revision);
    const digest = revisions.sourcedIn?.(revision)?.digest;
    if (newest === undefined || settled(newest, digest) !== this.#settledAt)
      this.#running.own.changed();
  }

  /** Takes this replica from the list of the others. Idempotent. */
  async close(): Promise<void> {
    clearImmediate(this.#scheduled);
    await Promise.all([this.#running?.own.close(), this.#running?.others[Symbol.asyncDispose]()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #connected({ id }: ConnectedProxy): void {
    const at = this.#arrived.indexOf(id);
    if (at !== -1) this.#arrived.splice(at, 1);
    this.#arrived.push(id);
    if (this.#arrived.length > NAMED) this.#arrived.shift();
    this.#running?.own.changed();
  }

  /** Once for all that comes in this turn. */
  #tell(): void {
    if (this.#listeners.size === 0) return;
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      for (const listener of this.#listeners) listener();
    });
  }
}

/** What operators have applied, and what sources have. */
function settled(policies: number, digest: string | undefined): string {
  return `${policies} ${digest ?? ''}`;
}
