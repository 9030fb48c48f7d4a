import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { ConfigError, isConfigError } from '../../config-error.ts';
import { LiveConfig } from '../../live/live-config.ts';
import type { Resolved as LiveResolved } from '../../live/resolved.ts';
import type { Resolved } from '../resolved.ts';
import type { ConfigRequest, ConfigSource, SourceUpdate } from '../source.ts';

/** Where the ensemble keeps configuration. */
export interface ZooKeeperSourceOptions {
  /** Stays open when the source is closed. */
  readonly zk: ZooKeeper;
  /** Default `/meshkeeper/config`. */
  readonly root?: string;
  /** The application that all others share. Default `application`. */
  readonly shared?: string;
  readonly logger?: Logger;
}

/** Milliseconds to read everything in, before it is said that ZooKeeper is away. */
const READ = 2_000;
const SILENT: Logger = { debug() {}, info() {}, warn() {} };

/**
 * ZooKeeper itself as a source, without a control plane: the configuration of all applications is kept in
 * memory, by watches. For few programs; many ask a control plane. Secrets stay closed: the keys for them are
 * with control planes.
 */
export class ZooKeeperSource implements ConfigSource {
  readonly #options: ZooKeeperSourceOptions;
  #live: LiveConfig | undefined;

  constructor(options: ZooKeeperSourceOptions) {
    this.#options = options;
  }

  async *follow(
    request: ConfigRequest,
    signal: AbortSignal,
  ): AsyncGenerator<SourceUpdate, void, void> {
    if (request.secrets) {
      const message = 'secrets are read through a control plane, which has the keys for them';
      yield { type: 'refused', error: new ConfigError('NO_KEY', message) };
      return;
    }
    const { zk } = this.#options;
    const live = this.#open();
    let wake = Promise.withResolvers<void>();
    const turn = () => wake.resolve();
    const offState = zk.onState(turn);
    signal.addEventListener('abort', turn, { once: true });
    void this.#changes(live, request, signal, turn);
    let said = '';
    try {
      await Promise.race([
        live.ready.catch(() => {}),
        pause(READ, undefined, { signal }).catch(() => {}),
      ]);
      while (!signal.aborted) {
        wake = Promise.withResolvers();
        const update = updateOf(live, request);
        const now = meaningOf(update);
        if (now !== said) {
          said = now;
          yield update;
        } else await wake.promise;
      }
    } finally {
      offState();
      signal.removeEventListener('abort', turn);
    }
  }

  async close(): Promise<void> {
    await this.#live?.close();
  }

  #open(): LiveConfig {
    const { zk, root, shared, logger = SILENT } = this.#options;
    this.#live ??= new LiveConfig({
      ...{ zk, logger },
      ...(root !== undefined && { root }),
      ...(shared !== undefined && { shared }),
    });
    return this.#live;
  }

  /** Turns whenever something else holds; also when everything was read. */
  async #changes(
    live: LiveConfig,
    request: ConfigRequest,
    signal: AbortSignal,
    turn: () => void,
  ): Promise<void> {
    await live.ready.catch(() => {}); // then it is away, and the wait below is for what comes
    turn();
    try {
      for await (const _ of live.changes(askedOf(request), signal)) turn();
    } catch {
      turn(); // names that can't be: it is said as what is refused
    }
  }
}

function updateOf(live: LiveConfig, request: ConfigRequest): SourceUpdate {
  if (!live.known) return { type: 'away', reason: 'ZooKeeper was not read yet' };
  try {
    return { type: 'resolved', resolved: written(live.resolve(askedOf(request))) };
  } catch (error) {
    if (isConfigError(error, 'NOT_VALID')) return { type: 'refused', error };
    throw error;
  }
}

function askedOf({ application, profiles, instance, address, labels }: ConfigRequest) {
  return {
    ...{ application, profiles },
    instance: {
      ...(instance !== undefined && { id: instance }),
      ...(address !== undefined && { address }),
      ...(labels !== undefined && { labels }),
    },
  };
}

/** As the API says it. */
function written({ values, revision, digest, stale, ...rest }: LiveResolved): Resolved {
  const entries = [...values].map(([key, { entry, from }]) => {
    const value = entry.type === 'secret' ? {} : { value: entry.value };
    return [key, { type: entry.type, ...value, from }] as const;
  });
  return {
    ...{ digest, stale, application: rest.application },
    profiles: [...rest.profiles],
    revision: String(revision),
    values: Object.fromEntries(entries),
    layers: [...rest.layers],
  };
}

/** What makes an update another one. */
function meaningOf(update: SourceUpdate): string {
  if (update.type === 'resolved') return `${update.resolved.digest} ${update.resolved.stale}`;
  return update.type === 'away' ? update.reason : update.error.message;
}
