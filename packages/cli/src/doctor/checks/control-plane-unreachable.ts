import { type Check, error } from '../check.ts';

export const controlPlaneUnreachable: Check = {
  id: 'control-plane-unreachable',
  group: 'control plane',
  well: 'the control plane answers',
  async find(facts) {
    const { server } = facts.options;
    try {
      const { status } = await facts.api<unknown>('/healthz');
      if (status === 200) return [];
      return [
        error(
          `something answers at ${server} with ${status}, and it is no control plane`,
          'say where the API is with --server or MESHKEEPER_SERVER',
        ),
      ];
    } catch (cause) {
      const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause : undefined;
      const reason = why?.cause instanceof Error ? why.cause.message : (why?.message ?? '');
      return [
        error(
          `no control plane answers at ${server}${reason && `: ${reason}`}`,
          'start one with "meshkeeper up" or "meshkeeper control-plane", or say where it is with --server',
        ),
      ];
    }
  },
};
