import type { Command } from 'commander';
import { optionsOf } from '../../global-options.ts';
import { type AddVerb, openZooKeeper, type ZooKeeperFlags } from './access.ts';

/** The verb that takes verbs, line by line. */
export function addShellVerb(add: AddVerb): void {
  add('shell', 'a prompt for these commands, with history and completion of paths', [
    'shell',
    'shell --zookeeper zk1:2181 < script.txt    # ends at the first line that fails',
  ]).action(async (_: unknown, command: Command) => {
    const options = optionsOf<ZooKeeperFlags>(command);
    const { Shell } = await import('./shell/shell.ts');
    await using client = await openZooKeeper(options, undefined, { onExpired: 'renew' });
    const shell = new Shell(client, options.zookeeper);
    await (process.stdin.isTTY ? shell.talk() : shell.runScript());
  });
}
