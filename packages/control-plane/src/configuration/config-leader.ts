import { ConfigKeeper, type ConfigStore, type LiveConfig } from '@meshkeeper/config';
import { LeaderLatch } from '@meshkeeper/recipes';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { ConfigurationConfig } from '../config/configuration-schema.ts';
import type { AuditSink } from './own-audit.ts';
import { project } from './projections.ts';

/** Who does it; the others stand by. */
const LEADER = '/meshkeeper/config-leader';

/** What the leader needs. */
export interface ConfigLeaderOptions {
  readonly zk: ZooKeeper;
  readonly store: ConfigStore;
  readonly live: LiveConfig;
  readonly config: ConfigurationConfig;
  readonly logger: Logger;
  readonly audit: AuditSink;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What one of the replicas does: what is due is published, ended, removed and projected. */
export class ConfigLeader implements AsyncDisposable {
  readonly #options: ConfigLeaderOptions;
  readonly #latch: LeaderLatch;
  readonly #stop = new AbortController();
  readonly #standing: Promise<void>;
  #working: Promise<void> = Promise.resolve();
  #resign: AbortController | undefined;

  constructor(options: ConfigLeaderOptions) {
    this.#options = options;
    this.#latch = new LeaderLatch(options.zk, LEADER);
    this.#standing = this.#stand();
  }

  /** Ends it. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#resign?.abort();
    await this.#working;
    await this.#latch.close().catch(() => {}); // the session ends it otherwise
    await this.#standing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #stand(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const lease of this.#latch.changes({ signal })) {
        this.#resign?.abort();
        await this.#working;
        if (signal.aborted || lease === undefined) continue;
        this.#resign = new AbortController();
        this.#working = this.#lead(AbortSignal.any([this.#resign.signal, lease.signal]));
      }
    } catch (err) {
      if (signal.aborted) return;
      this.#options.logger.warn({ err }, 'this replica can not stand for what one has to do');
    }
  }

  /** Nothing of it hurts when another one does the same. */
  async #lead(signal: AbortSignal): Promise<void> {
    const { zk, store, live, config, logger, audit, now } = this.#options;
    const keeper = new ConfigKeeper({ zk, store, logger, now, keep: config.keep });
    const { projections: rules, shared } = config;
    const projections = { rules, shared, zk, live, logger, audit, now };
    try {
      await Promise.all([keeper.run(signal), project(projections, signal)]);
    } catch (err) {
      if (!signal.aborted) logger.warn({ err }, 'configuration is not looked after any more');
    }
  }
}
