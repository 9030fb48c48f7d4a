import { startEnsemble, startZooKeeper, until } from '@meshkeeper/testbed';
import { EmbeddedMember } from './embedded.ts';
import type { Member, System } from './system.ts';

/** All that are to keep the contract. */
export const systems: Readonly<Record<string, () => Promise<System>>> = {
  'the embedded server': async () => alone(await EmbeddedMember.start()),
  'Apache ZooKeeper': async () => alone(await startZooKeeper()),
  'an ensemble of three': async () => {
    const ensemble = await startEnsemble();
    const isWhole = async () => (await ensemble.followers()).length === 2;
    return {
      members: ensemble.members,
      leader: () => ensemble.leader(),
      async whole() {
        await until(isWhole, { timeout: 30_000, message: 'all three serve' });
      },
      close: () => ensemble.close(),
    };
  },
};

function alone(member: Member & { close(): Promise<void> }): System {
  return {
    members: [member],
    leader: async () => member,
    whole: async () => {},
    close: () => member.close(),
  };
}
