import { type Check, warning } from '../check.ts';

export const zookeeperSessionTimeout: Check = {
  id: 'zookeeper-session-timeout',
  group: 'ZooKeeper',
  well: 'the session timeout is the one that was asked for',
  async find(facts) {
    const {
      zookeeper: { sessionTimeout },
    } = await facts.config();
    const { state } = await facts.zookeeper();
    if (state.type !== 'connected' || state.timeout === sessionTimeout) return [];
    return [
      warning(
        `a session timeout of ${sessionTimeout} ms was asked for, the server gives ${state.timeout} ms`,
        'ask for what it gives (zookeeper.sessionTimeout), or change minSessionTimeout and maxSessionTimeout there',
      ),
    ];
  },
};
