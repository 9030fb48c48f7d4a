import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Command } from 'commander';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import type { Access, AddVerb } from './access.ts';
import { hex } from './stat-view.ts';

/**
 * The verb that follows a subtree.
 * @param follow runs with a client until Ctrl-C, of which the signal tells
 */
export function addWatchVerb(
  add: AddVerb,
  { path: znode }: Pick<Access, 'path'>,
  follow: (
    command: Command,
    run: (client: ZooKeeper, signal: AbortSignal) => Promise<void>,
  ) => Promise<void>,
): void {
  add('watch', 'print what happens at a znode and below it, until Ctrl-C', [
    'watch /services',
    'watch / -o json',
  ])
    .argument('[path]', 'the znode', znode, znode('/'))
    .action((path: string, _: unknown, command: Command) =>
      follow(command, async (client, signal) => {
        const watch = await client.addWatch(path, { recursive: true, signal });
        process.stderr.write(`watching ${path} (Ctrl-C ends it)\n`);
        await printEvents(watch, optionsOf(command), signal);
      }),
    );
}

async function printEvents(
  watch: AsyncIterable<object> & AsyncDisposable,
  { output }: GlobalOptions,
  signal: AbortSignal,
): Promise<void> {
  await using open = watch;
  const end = () => void watch[Symbol.asyncDispose]();
  signal.addEventListener('abort', end, { once: true });
  for await (const event of open) {
    const json = JSON.stringify(event, (_, value: unknown) =>
      typeof value === 'bigint' ? hex(value) : value,
    );
    const text = 'path' in event && 'type' in event ? `${event.type} ${event.path}` : 'reset';
    process.stdout.write(`${output === 'json' ? json : text}\n`);
  }
}
