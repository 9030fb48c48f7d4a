import { startEnsemble, until } from '@meshkeeper/testbed';
import { contract } from './contract.ts';

contract('an ensemble of three', async () => {
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
});
