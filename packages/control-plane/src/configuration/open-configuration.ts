import { ConfigStore, type KeyProvider, LiveConfig, SecretVault } from '@meshkeeper/config';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { ConfigurationConfig } from '../config/configuration-schema.ts';
import { ConfigLeader } from './config-leader.ts';
import { Instances } from './instances.ts';
import { LastKnownConfiguration } from './last-known-configuration.ts';
import { loadKeys } from './load-keys.ts';
import { type AuditSink, tellDeed } from './own-audit.ts';

/** Configuration as a control plane has it. */
export interface Configuration extends AsyncDisposable {
  /** To be read from ZooKeeper, and changed. */
  readonly store: ConfigStore;
  /** What instances get, in memory. */
  readonly live: LiveConfig;
  /** What secrets are encrypted with; undefined where there is nothing. */
  readonly keys: KeyProvider | undefined;
  /** The texts of secrets; undefined where there are no keys. */
  readonly vault: SecretVault | undefined;
  /** Who has which release, of those that have asked here. */
  readonly instances: Instances;
}

/** What it is opened with. */
export interface ConfigurationOptions {
  readonly zk: ZooKeeper;
  readonly config: ConfigurationConfig;
  readonly logger: Logger;
  /** Is told what is done by itself. */
  readonly audit: AuditSink;
  /** Where what is served is kept for a start without ZooKeeper; undefined: nowhere. */
  readonly dataDir: string | undefined;
  /** The ensemble. */
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Opens the configuration of a control plane; what there is, is read in the background. Until then it is
 * what was served before a restart, as far as that was kept.
 * @throws ControlPlaneError INVALID_CONFIG for keys that can't be used, DATA_DIR
 */
export async function openConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { zk, config, logger, audit, dataDir, identity, now } = options;
  const keys = await loadKeys(config.secrets);
  const vault = keys && new SecretVault({ zk, keys });
  const kept =
    dataDir === undefined
      ? undefined
      : await LastKnownConfiguration.open({ dataDir, identity, logger });
  const { restored } = kept ?? {};
  if (restored !== undefined) vault?.keep(restored.envelopes);
  const store = new ConfigStore({
    ...{ zk, logger, now, onOwnDeed: (deed) => tellDeed(audit, now(), deed) },
    ...(vault && { sealer: vault }),
  });
  const live = new LiveConfig({
    ...{ zk, logger, shared: config.shared },
    ...(restored && { restored: restored.image }),
  });
  kept?.keeper.follow(live, vault);
  const leader = new ConfigLeader({ zk, store, live, config, logger, audit, now });
  return {
    store,
    live,
    keys,
    vault,
    instances: new Instances({ now }),
    async [Symbol.asyncDispose]() {
      await leader.close();
      await kept?.keeper.close();
      await live.close();
    },
  };
}
