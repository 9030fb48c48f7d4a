import { type Check, error } from '../check.ts';

interface Proxies {
  readonly proxies: readonly {
    readonly id: string;
    readonly refused: readonly {
      readonly type: string;
      readonly name: string;
      readonly message: string;
    }[];
  }[];
}

export const dataPlaneRejects: Check = {
  id: 'data-plane-rejects',
  group: 'data planes',
  well: 'no data plane rejects what it is sent',
  async find(facts) {
    const { proxies } = await facts.view<Proxies>('/proxies');
    return proxies.flatMap(({ id, refused }) =>
      refused.map(({ type, name, message }) =>
        error(
          `${id} rejects ${type} ${name}: ${message.trim()}`,
          `see "meshkeeper proxy-status ${id}"; it goes on with what it had before`,
        ),
      ),
    );
  },
};
