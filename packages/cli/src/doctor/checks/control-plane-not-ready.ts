import { type Check, error, Unknown, warning } from '../check.ts';

interface Readiness {
  readonly status?: string;
  readonly registries?: readonly { readonly name: string; readonly state: string }[];
}

export const controlPlaneNotReady: Check = {
  id: 'control-plane-not-ready',
  group: 'control plane',
  well: 'the control plane has read its registries, and follows them',
  async find(facts) {
    const { body } = await facts.api<Readiness>('/readyz');
    const { status, registries = [] } = body;
    if (status === undefined) throw new Unknown('what answers is no control plane');
    if (status === 'ready') return [];
    const late = registries.filter(({ state }) => state !== 'live');
    const names = late.map(({ name, state }) => `${name} is ${state}`).join(', ');
    const todo = 'see that it reaches ZooKeeper: "meshkeeper doctor" on its machine, or its log';
    return [
      status === 'stale'
        ? warning(`the control plane serves what was last known: ${names}`, todo)
        : error(`the control plane has not read everything yet: ${names || status}`, todo),
    ];
  },
};
