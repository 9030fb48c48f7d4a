import { ConfigStore, LiveConfig } from '@meshkeeper/config';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';

/** Configuration as a control plane has it. */
export interface Configuration extends AsyncDisposable {
  /** To be read from ZooKeeper, and changed. */
  readonly store: ConfigStore;
  /** What instances get, in memory. */
  readonly live: LiveConfig;
}

/** What it is opened with. */
export interface ConfigurationOptions {
  readonly zk: ZooKeeper;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Opens the configuration of a control plane; what there is, is read in the background. */
export function openConfiguration({ zk, logger, now }: ConfigurationOptions): Configuration {
  const store = new ConfigStore({ zk, logger, now });
  const live = new LiveConfig({ zk, logger });
  return {
    store,
    live,
    async [Symbol.asyncDispose]() {
      await live.close();
    },
  };
}
