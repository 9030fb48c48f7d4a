import type { Command } from 'commander';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { runUntilSignal } from '../../lifecycle.ts';
import { type AddVerb, openZooKeeper, type ZooKeeperFlags } from './access.ts';
import { hex } from './stat-view.ts';

/** The verb that follows a subtree. */
export function addWatchVerb(add: AddVerb): void {
  add('watch', 'print what happens at a znode and below it, until Ctrl-C')
    .argument('[path]', 'the znode', '/')
    .action((path: string, _: unknown, command: Command) =>
      runUntilSignal(async (stack, signal) => {
        const options = optionsOf<ZooKeeperFlags>(command);
        const client = stack.use(await openZooKeeper(options, signal));
        const watch = await client.addWatch(path, { recursive: true, signal });
        process.stderr.write(`watching ${path} (Ctrl-C ends it)\n`);
        void printEvents(watch, options);
      }),
    );
}

async function printEvents(watch: AsyncIterable<object>, { output }: GlobalOptions) {
  for await (const event of watch) {
    const json = JSON.stringify(event, (_, value: unknown) =>
      typeof value === 'bigint' ? hex(value) : value,
    );
    const text = 'path' in event && 'type' in event ? `${event.type} ${event.path}` : 'reset';
    process.stdout.write(`${output === 'json' ? json : text}\n`);
  }
}
