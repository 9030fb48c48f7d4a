import { readdir } from 'node:fs/promises';
import { after } from 'node:test';
import { startEnsemble } from '@meshkeeper/testbed';
import { runOnlyOn } from './servers.ts';

// All that is tested beside this file, once more on three members: started once for all of it, because
// a machine with two cores has no room for three more servers at each file.
const ensemble = startEnsemble();
// At one member all see at once what others have written, which these tests take for granted. Sessions
// at different members are in `contract/`.
const follower = ensemble.then(async (it) => (await it.followers())[0]!);
after(async () => (await ensemble).close());
runOnlyOn('an ensemble', async () => ({
  connect: (await follower).connect,
  close: async () => {},
}));

const isElsewhere = (file: string) => /^(ensemble|contention)\.test\.ts$/.test(file);
for (const file of await readdir(import.meta.dirname))
  if (file.endsWith('.test.ts') && !isElsewhere(file)) await import(`./${file}`);
await import('./kept/kept-leases.test.ts');
