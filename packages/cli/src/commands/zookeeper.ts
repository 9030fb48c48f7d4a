import type { Command } from 'commander';
import { optionsOf } from '../global-options.ts';
import { announce, runUntilSignal } from '../lifecycle.ts';
import { wholeNumber } from '../whole-number.ts';

interface Flags {
  readonly port: number;
  readonly data: string;
}

export function addZooKeeperCommand(program: Command): void {
  program
    .command('zookeeper')
    .description('run only the embedded server that speaks the ZooKeeper protocol')
    .option('--port <port>', 'port for clients; 0 takes a free one', wholeNumber, 2181)
    .option('--data <dir>', 'where the log and the snapshots are', 'data')
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper zookeeper --port 2181 --data /var/lib/meshkeeper',
    )
    .action(async (_: unknown, command: Command) => {
      const { port, data, output, verbose } = optionsOf<Flags>(command);
      await runUntilSignal(async (stack, signal) => {
        const { FOUR_LETTER_WORDS, startZooKeeperServer } = await import(
          '@meshkeeper/zookeeper-server'
        );
        const { createLogger } = await import('../output/logger.ts');
        const logger = await createLogger(verbose);
        const server = stack.use(
          await startZooKeeperServer(
            { port, dataDir: data, logger, fourLetterWords: FOUR_LETTER_WORDS },
            { signal },
          ),
        );
        announce(
          { zookeeper: server.connect },
          output,
          `ZooKeeper protocol on ${server.connect}, data in ${data} (Ctrl-C ends it)`,
        );
      });
    });
}
