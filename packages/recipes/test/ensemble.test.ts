import { readdir } from 'node:fs/promises';
import { after } from 'node:test';
import { startEnsemble } from '@meshkeeper/testbed';
import { runOnlyOn } from './servers.ts';

// All that is tested beside this file, once more on three members: started once for all of it, because
// a machine with two cores has no room for three more servers at each file.
const ensemble = startEnsemble();
after(async () => (await ensemble).close());
runOnlyOn('an ensemble', async () => ({
  connect: (await ensemble).connect,
  close: async () => {},
}));

const isElsewhere = (file: string) => /^(ensemble|contention)\.test\.ts$/.test(file);
for (const file of await readdir(import.meta.dirname))
  if (file.endsWith('.test.ts') && !isElsewhere(file)) await import(`./${file}`);
