import { type Check, warning } from '../check.ts';

export const dataPlaneNone: Check = {
  id: 'data-plane-none',
  group: 'data planes',
  well: 'a data plane is connected',
  async find(facts) {
    const { proxies } = await facts.view<{ proxies: readonly unknown[] }>('/proxies');
    if (proxies.length > 0) return [];
    return [
      warning(
        'no data plane is connected: the control plane has nobody to serve',
        'start one: meshkeeper proxy --xds HOST:PORT, or meshkeeper bootstrap envoy',
      ),
    ];
  },
};
