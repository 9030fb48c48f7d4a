import { hostname } from 'node:os';
import type { Lease } from '@meshkeeper/recipes';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError, ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { runUnder } from '../guarded-command.ts';
import { openZooKeeper, type ZooKeeperFlags, zooKeeperOption } from './zk/access.ts';

interface Flags extends ZooKeeperFlags {
  readonly wait?: number;
  readonly grace: number;
  readonly policy: 'standard' | 'session';
}

/** What a holder is shown as to others. */
const OWNER = `${hostname()}:${process.pid}`;

export function addLockCommands(program: Command): void {
  add(program, 'lock', 'run a command under a lock', async (zk, path, flags) => {
    const { Mutex } = await import('@meshkeeper/recipes');
    const mutex = new Mutex(zk, path, { data: OWNER, policy: flags.policy });
    return mutex.acquire({ timeout: flags.wait });
  });
  add(program, 'elect', 'run a command as leader, when it is its turn', async (zk, path, flags) => {
    const { LeaderLatch } = await import('@meshkeeper/recipes');
    const latch = new LeaderLatch(zk, path, { id: OWNER, policy: flags.policy });
    return latch.lead({ timeout: flags.wait });
  });
}

function add(
  program: Command,
  name: string,
  description: string,
  acquire: (zk: ZooKeeper, path: string, flags: Flags) => Promise<Lease>,
): void {
  program
    .command(name)
    .description(`${description}; its fencing token is in MESHKEEPER_FENCING_TOKEN`)
    .argument('<path>', "the recipe's znode, laid out as Curator's")
    .argument('<command...>', 'what to run, after --')
    .addOption(zooKeeperOption())
    .option(
      '--wait <duration>',
      'wait so long at most, as 30s (default: as long as it takes)',
      duration,
    )
    .addOption(
      new Option('--grace <duration>', 'time to end after SIGTERM when the lease is lost')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--policy <policy>', 'when a lease is lost: with the connection, or the session')
        .choices(['standard', 'session'])
        .default('standard'),
    )
    .addHelpText(
      'after',
      `\nExample:\n  meshkeeper ${name} /jobs/nightly --wait 30s -- ./nightly.sh`,
    )
    .action(async (path: string, words: string[], _: unknown, command: Command) => {
      const flags = optionsOf<Flags>(command);
      const [program_, ...args] = words;
      const { formatFencing, RecipeError } = await import('@meshkeeper/recipes');
      await using zk = await openZooKeeper(flags);
      let lease: Lease;
      try {
        lease = await acquire(zk, path, flags);
      } catch (cause) {
        if (!(cause instanceof RecipeError) || cause.code !== 'TIMEOUT') throw cause;
        throw new CliError(cause.message, ExitCode.NOT_FOUND, { cause });
      }
      const token = formatFencing(lease.fencing);
      process.exitCode = await runUnder(lease, token, [program_!, ...args], flags.grace);
    });
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write 500ms, 30s, 5m or 1h.');
  return Number(match[1]) * UNITS[match[2]!]!;
}
