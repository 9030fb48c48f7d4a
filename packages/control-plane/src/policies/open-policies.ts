import type { Policies } from '@meshkeeper/mesh';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { type Config, ensembleOf } from '../config/schema.ts';
import { type LastKnown, LastKnownPolicies } from './last-known.ts';
import { PolicyStore } from './policy-store.ts';
import type { PolicyList } from './policy-tree.ts';
import { ServedPolicies } from './served-policies.ts';
import { SourcedPolicies } from './sourced-policies.ts';

/** The policies of a control plane: where they are kept, and what of them is served. */
export interface ControlPlanePolicies extends AsyncDisposable {
  readonly store: PolicyStore;
  readonly served: ServedPolicies;
  /** Those that sources have. */
  readonly sourced: SourcedPolicies;
  /** Takes what was read: to be compiled, and kept on disk. */
  take(list: PolicyList): Policies;
}

/** What they are opened with. */
export interface PoliciesOptions {
  readonly zk: ZooKeeper;
  readonly config: Config;
  readonly logger: Logger;
  /** What was served before a restart is served until ZooKeeper is there. */
  readonly restored: boolean;
  /** What tells each source from another of its name. */
  readonly sources: readonly { readonly name: string; readonly identity: string }[];
  /** Called when what sources have is compiled anew. */
  readonly sourcesChanged: (policies: Policies) => void;
}

const NOTHING: PolicyList = { revision: 0, policies: [], problems: [] };

/**
 * Opens the policies of a control plane. Restored, it begins with those that were served last; where
 * those are lost, with none that are read: then nothing is served before ZooKeeper is there, rather
 * than services without what operators said of them.
 * @throws ControlPlaneError DATA_DIR
 */
export async function openPolicies(options: PoliciesOptions): Promise<ControlPlanePolicies> {
  const { zk, config, logger, restored, sources, sourcesChanged } = options;
  const { dataDir } = config.controlPlane;
  const identity = ensembleOf(config);
  const kept =
    dataDir === undefined ? undefined : await LastKnownPolicies.open({ dataDir, identity, logger });
  const last: LastKnown = kept?.last ?? { type: 'none' };
  if (restored && last.type === 'lost')
    logger.warn(
      {},
      'which policies there were is not known: nothing is served before they are read',
    );
  const store = new PolicyStore({
    zk,
    logger,
    known: last.type === 'known' ? last.list : NOTHING,
    restored: restored && last.type !== 'lost',
  });
  const changed = () => {
    const compiled = served.takeSourced();
    if (compiled !== undefined) sourcesChanged(compiled);
  };
  const sourced = await SourcedPolicies.open({ sources, dataDir, logger, changed });
  const served = new ServedPolicies(logger, sourced);
  return {
    ...{ store, served, sourced },
    take(list) {
      kept?.keeper.keep(list);
      return served.take(list);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([kept?.keeper.close(), sourced[Symbol.asyncDispose]()]);
    },
  };
}
