import { ConfigStore, LiveConfig, SecretVault } from '@meshkeeper/config';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { ConfigurationConfig } from '../config/configuration-schema.ts';
import { ConfigLeader } from './config-leader.ts';
import { loadKeys } from './load-keys.ts';

/** Configuration as a control plane has it. */
export interface Configuration extends AsyncDisposable {
  /** To be read from ZooKeeper, and changed. */
  readonly store: ConfigStore;
  /** What instances get, in memory. */
  readonly live: LiveConfig;
  /** The texts of secrets; undefined where there are no keys. */
  readonly vault: SecretVault | undefined;
}

/** What it is opened with. */
export interface ConfigurationOptions {
  readonly zk: ZooKeeper;
  readonly config: ConfigurationConfig;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Opens the configuration of a control plane; what there is, is read in the background.
 * @throws ControlPlaneError INVALID_CONFIG for keys that can't be used
 */
export async function openConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { zk, config, logger, now } = options;
  const keys = await loadKeys(config.secrets);
  const vault = keys && new SecretVault({ zk, keys });
  const store = new ConfigStore({ zk, logger, now, ...(vault && { sealer: vault }) });
  const live = new LiveConfig({ zk, logger, shared: config.shared });
  const leader = new ConfigLeader({ zk, store, live, config, logger, now });
  return {
    store,
    live,
    vault,
    async [Symbol.asyncDispose]() {
      await leader.close();
      await live.close();
    },
  };
}
