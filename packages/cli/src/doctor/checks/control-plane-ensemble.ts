import { isZooKeeperError } from '@meshkeeper/zookeeper';
import { type Check, error } from '../check.ts';

interface Members {
  readonly members: readonly { readonly id: string; readonly self: boolean }[];
}

export const controlPlaneEnsemble: Check = {
  id: 'control-plane-ensemble',
  group: 'control plane',
  well: 'the control plane uses the ensemble that is looked at here',
  async find(facts) {
    const zk = await facts.zookeeper();
    const { members } = await facts.view<Members>('/members');
    const own = members.find(({ self }) => self);
    if (own === undefined) return [];
    let there: readonly string[] = [];
    try {
      ({ children: there } = await zk.children('/meshkeeper/members'));
    } catch (cause) {
      if (!isZooKeeperError(cause, 'NO_NODE')) throw cause;
    }
    if (there.includes(own.id)) return [];
    return [
      error(
        `the control plane at ${facts.options.server} is not a member in ${await facts.connectText()}: it uses another ensemble, or another chroot`,
        'give both the same connect string, or look at the other control plane with --server',
      ),
    ];
  },
};
