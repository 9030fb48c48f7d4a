import type { Catalog } from '@meshkeeper/mesh';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { Config } from '../config/schema.ts';
import type { Ensembles } from '../registries/ensembles.ts';
import { Leaders } from './leaders.ts';

/** What leaders are followed with. */
export interface OpenLeadersOptions {
  readonly zk: ZooKeeper;
  readonly config: Config;
  /** The clients of other ensembles. */
  readonly ensembles: Ensembles;
  readonly catalog: Catalog;
  /** Called when the catalog has another leader. */
  readonly changed: () => void;
  readonly logger: Logger;
}

/** Stands for the connect string of the control plane's own ensemble. */
const OWN_ENSEMBLE = '';

/** Follows the leaders of services, each in the ensemble of its registry, into the catalog. */
export function openLeaders(options: OpenLeadersOptions): Leaders {
  const { zk, config, ensembles, catalog, changed, logger } = options;
  const connects = new Map(
    config.registries.map(({ name, zookeeper }) => [name, zookeeper?.connect]),
  );
  return new Leaders({
    ensembleOf: (registry) => connects.get(registry) ?? OWN_ENSEMBLE,
    client: async (ensemble) => (ensemble === OWN_ENSEMBLE ? zk : ensembles.client(ensemble)),
    elected(service, endpoint) {
      catalog.elect(service, endpoint);
      changed();
    },
    forgotten(service) {
      catalog.forgetLeader(service);
      changed();
    },
    logger,
  });
}
