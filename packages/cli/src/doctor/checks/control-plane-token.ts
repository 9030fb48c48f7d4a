import { type Check, error } from '../check.ts';

export const controlPlaneToken: Check = {
  id: 'control-plane-token',
  group: 'control plane',
  well: 'the control plane knows who asks',
  async find(facts) {
    const { status, body } = await facts.api<{ detail?: string }>('/api/v1/services');
    if (status !== 401 && status !== 403) return [];
    const { token = process.env.MESHKEEPER_TOKEN } = facts.options;
    return [
      error(
        `the control plane refuses ${token ? 'this token' : 'who has no token'} (${status}${body.detail ? `: ${body.detail}` : ''})`,
        'give a token that it knows with --token or MESHKEEPER_TOKEN',
      ),
    ];
  },
};
