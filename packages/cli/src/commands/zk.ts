import type { Command } from 'commander';
import { withExamples } from '../examples.ts';
import { optionsOf } from '../global-options.ts';
import { runUntilSignal } from '../lifecycle.ts';
import {
  type AddVerb,
  openZooKeeper,
  ownClient,
  type ZooKeeperFlags,
  zooKeeperOption,
} from './zk/access.ts';
import { addAclVerb } from './zk/acl.ts';
import { addMntrVerb } from './zk/mntr.ts';
import { addReadVerbs } from './zk/read.ts';
import { addShellVerb } from './zk/shell.ts';
import { addTreeVerb } from './zk/tree.ts';
import { addWatchVerb } from './zk/watch.ts';
import { addWriteVerbs } from './zk/write.ts';

export function addZkCommands(program: Command): void {
  const zk = program.command('zk').description('look at ZooKeeper itself, and change it');
  const add: AddVerb = (name, description, examples) =>
    withExamples(
      zk.command(name).description(description).addOption(zooKeeperOption()),
      examples.map((line) => `meshkeeper zk ${line}`),
    );
  addReadVerbs(add, ownClient);
  addTreeVerb(add, ownClient);
  addWriteVerbs(add, ownClient, (command, create) =>
    runUntilSignal(async (stack, signal) => {
      const options = optionsOf<ZooKeeperFlags>(command);
      await create(stack.use(await openZooKeeper(options, signal)));
    }),
  );
  addWatchVerb(add, ownClient, (command, run) =>
    runUntilSignal(async (stack, signal) => {
      const options = optionsOf<ZooKeeperFlags>(command);
      await run(stack.use(await openZooKeeper(options, signal)), signal);
    }),
  );
  addAclVerb(add, ownClient);
  addMntrVerb(add);
  addShellVerb(add);
}
