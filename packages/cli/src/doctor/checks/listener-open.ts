import { type Check, warning } from '../check.ts';

export const listenerOpen: Check = {
  id: 'listener-open',
  group: 'configuration',
  well: 'nothing without authentication listens beyond this machine',
  async find(facts) {
    const { controlPlane, gateway } = await facts.config();
    const listeners = Object.entries({ ...controlPlane, gateway }).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && 'insecure' in value && value.insecure
        ? [name]
        : [],
    );
    // A gateway is there to be reached.
    return listeners
      .filter((name) => name !== 'gateway')
      .map((name) =>
        warning(
          `the ${name} listener is insecure: true, so that whoever reaches it may use it`,
          'listen on 127.0.0.1, or let only those reach it who may',
        ),
      );
  },
};
