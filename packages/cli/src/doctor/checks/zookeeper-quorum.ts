import { type Check, error, Unknown } from '../check.ts';

export const zookeeperQuorum: Check = {
  id: 'zookeeper-quorum',
  group: 'ZooKeeper',
  well: 'the ensemble takes sessions and writes',
  async find(facts) {
    const servers = await facts.servers();
    if (servers.every(({ said }) => said instanceof Error))
      throw new Unknown('no server is reached');
    const idle = servers.filter(
      ({ said }) => typeof said === 'string' && /not currently serving/.test(said),
    );
    const names = idle.map(({ server: { host, port } }) => `${host}:${port}`).join(', ');
    const todo = 'start more of its servers: more than half of them have to be there';
    const zk = await facts.zookeeper().catch(() => undefined);
    if (zk === undefined)
      return [
        error(
          idle.length > 0
            ? `no session: ${names} serve${idle.length === 1 ? 's' : ''} nobody, the ensemble has no quorum`
            : 'a server is reached, but it gives no session',
          todo,
        ),
      ];
    const { state } = zk;
    if (state.type !== 'connected' || !state.readOnly) return [];
    return [error(`${state.server} is read-only: the ensemble has no quorum`, todo)];
  },
};
