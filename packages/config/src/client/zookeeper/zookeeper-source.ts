import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { ConfigError } from '../../config-error.ts';
import { LiveConfig } from '../../live/live-config.ts';
import type { Resolved as LiveResolved } from '../../live/resolved.ts';
import type { Actor } from '../../model/actor.ts';
import type { KeyProvider } from '../../secrets/key-provider.ts';
import { SecretVault } from '../../secrets/vault.ts';
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
  /** What secrets are opened with, as control planes have it. Default: they stay closed. */
  readonly keys?: KeyProvider;
  readonly logger?: Logger;
}

/** Milliseconds to read everything in, before it is said that ZooKeeper is away. */
const READ = 2_000;
const SILENT: Logger = { debug() {}, info() {}, warn() {} };
/** Who has the keys may read what they close. */
const KEY_HOLDER: Actor = { name: 'the holder of the keys', roles: ['secret'] };

/**
 * ZooKeeper itself as a source, without a control plane: the configuration of all applications is kept in
 * memory, by watches. For few programs; many ask a control plane. Secrets stay closed without the keys that
 * control planes have for them.
 */
export class ZooKeeperSource implements ConfigSource {
  readonly #options: ZooKeeperSourceOptions;
  readonly #vault: SecretVault | undefined;
  #live: LiveConfig | undefined;

  constructor(options: ZooKeeperSourceOptions) {
    this.#options = options;
    const { zk, root, keys } = options;
    this.#vault = keys && new SecretVault({ zk, keys, ...(root !== undefined && { root }) });
  }

  async *follow(
    request: ConfigRequest,
    signal: AbortSignal,
  ): AsyncGenerator<SourceUpdate, void, void> {
    if (request.secrets && this.#vault === undefined) {
      const message =
        'there are no keys for secrets: give them, or ask a control plane, which has them';
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
        const update = await this.#update(live, request);
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

  async #update(live: LiveConfig, request: ConfigRequest): Promise<SourceUpdate> {
    if (!live.known) return { type: 'away', reason: 'ZooKeeper was not read yet' };
    const late = AbortSignal.timeout(READ);
    try {
      const resolved = live.resolve(askedOf(request));
      const texts = request.secrets ? await this.#reveal(resolved, late) : new Map();
      return { type: 'resolved', resolved: written(resolved, texts) };
    } catch (error) {
      if (error instanceof ConfigError) return { type: 'refused', error };
      if (late.aborted) return { type: 'away', reason: 'ZooKeeper is away: secrets are not read' };
      throw error;
    }
  }

  /** The texts of all secrets, by key. */
  async #reveal(
    { values }: LiveResolved,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const texts = new Map<string, string>();
    await Promise.all(
      [...values].map(async ([key, { entry, from }]) => {
        if (entry.type !== 'secret') return;
        const { application, namespace } = from;
        const place = { application, namespace, key };
        const secret = await this.#vault?.reveal(place, entry, KEY_HOLDER, signal);
        if (secret !== undefined) texts.set(key, secret.reveal());
      }),
    );
    return texts;
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
function written(
  { values, revision, digest, stale, ...rest }: LiveResolved,
  texts: ReadonlyMap<string, string>,
): Resolved {
  const entries = [...values].map(([key, { entry, from }]) => {
    const value = entry.type === 'secret' ? texts.get(key) : entry.value;
    return [key, { type: entry.type, ...(value !== undefined && { value }), from }] as const;
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
