import { type Check, Unknown, warning } from '../check.ts';

/** Milliseconds that clocks may differ, besides what an answer takes. */
const ALLOWED = 2_000;

export const clockSkew: Check = {
  id: 'clock-skew',
  group: 'machine',
  well: "this machine's clock agrees with the control plane's and ZooKeeper's",
  async find(facts) {
    const clocks = await Promise.all([ofControlPlane(), ofZooKeeper()]);
    const known = clocks.filter((clock) => clock !== undefined);
    if (known.length === 0) throw new Unknown('there is no other clock to compare with');
    return known
      .filter(({ ahead }) => Math.abs(ahead) > ALLOWED)
      .map(({ whose, ahead }) =>
        warning(
          `the clock of ${whose} is ${Math.round(Math.abs(ahead) / 1_000)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`,
          'let NTP or chrony keep both: certificates, schedules and "since" go by the time',
        ),
      );

    async function ofControlPlane() {
      const answer = await facts.api<unknown>('/healthz').catch(() => undefined);
      // The header has whole seconds, and may be a moment old.
      if (answer?.date === undefined) return undefined;
      return { whose: 'the control plane', ahead: answer.date + 500 - answer.at };
    }

    async function ofZooKeeper() {
      const zk = await facts.zookeeper().catch(() => undefined);
      if (zk === undefined || zk.state.type !== 'connected' || zk.state.readOnly) return undefined;
      const { CreateMode } = await import('@meshkeeper/zookeeper');
      const mode = CreateMode.EPHEMERAL_SEQUENTIAL;
      const before = Date.now();
      const made = await zk.create('/doctor-clock-', null, { mode }).catch(() => undefined);
      if (made === undefined) return undefined;
      const stat = await zk.exists(made.path);
      await zk.delete(made.path);
      return stat === null
        ? undefined
        : { whose: 'ZooKeeper', ahead: Number(stat.ctime) - (before + Date.now()) / 2 };
    }
  },
};
