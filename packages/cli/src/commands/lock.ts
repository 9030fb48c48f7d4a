import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Lease, QueueKind } from '@meshkeeper/recipes';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { runUnder } from '../guarded-command.ts';
import { addLocksCommands } from './locks.ts';
import { openZooKeeper } from './zk/access.ts';

interface Flags {
  readonly zookeeper?: string;
  readonly wait?: number;
  readonly grace: number;
  readonly ttl: number;
  readonly policy: 'standard' | 'session';
}

/** What a command that runs under a lease is to do. */
interface Guarded {
  readonly kind: QueueKind;
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** What a holder is shown as to others. */
const OWNER = `${hostname()}:${process.pid}`;

/** A lease goes with a session of ZooKeeper; how it is asked for. */
const ACQUIRE: Readonly<
  Record<QueueKind, (zk: ZooKeeper, path: string, flags: Flags) => Promise<Lease>>
> = {
  async lock(zk, path, { policy, wait }) {
    const { Mutex } = await import('@meshkeeper/recipes');
    return new Mutex(zk, path, { data: OWNER, policy }).acquire({ timeout: wait });
  },
  async election(zk, path, { policy, wait }) {
    const { LeaderLatch } = await import('@meshkeeper/recipes');
    return new LeaderLatch(zk, path, { id: OWNER, policy }).lead({ timeout: wait });
  },
};

export function addLockCommands(program: Command): void {
  add(program, 'lock', 'lock', 'run a command under a lock');
  add(program, 'elect', 'election', 'run a command as leader, when it is its turn');
  addLocksCommands(program);
}

function add(program: Command, verb: string, kind: QueueKind, description: string): void {
  program
    .command(verb)
    .description(`${description}; its fencing token is in MESHKEEPER_FENCING_TOKEN`)
    .argument('<name>', "a name; or a path, that begins with /, laid out as Curator's")
    .argument('<command...>', 'what to run, after --')
    .addOption(
      new Option(
        '--zookeeper <connect>',
        'not over the API but straight on an ensemble: host:port,host:port/chroot',
      ),
    )
    .option(
      '--wait <duration>',
      'wait so long at most, as 30s (default: as long as it takes)',
      duration,
    )
    .addOption(
      new Option('--ttl <duration>', 'over the API: lost when it was not kept alive for so long')
        .argParser(duration)
        .default(15_000, '15s'),
    )
    .addOption(
      new Option('--grace <duration>', 'time to end after SIGTERM when the lease is lost')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option(
        '--policy <policy>',
        'on an ensemble: lost with the connection, or with the session',
      )
        .choices(['standard', 'session'])
        .default('standard'),
    )
    .addHelpText(
      'after',
      `\nExamples:\n  meshkeeper ${verb} nightly --wait 30s -- ./nightly.sh` +
        `\n  meshkeeper ${verb} nightly --server http://cp1:7070,http://cp2:7070 -- ./nightly.sh` +
        `\n  meshkeeper ${verb} /jobs/nightly --zookeeper zk1:2181,zk2:2181 -- ./nightly.sh`,
    )
    .action(async (name: string, words: string[], _: unknown, command: Command) => {
      const flags = optionsOf<Flags>(command);
      const [first, ...args] = words;
      const guarded: Guarded = { kind, name, command: [first!, ...args] }; // <command...> has one
      process.exitCode = await (flags.zookeeper === undefined
        ? underApi(guarded, flags)
        : underSession(guarded, flags, flags.zookeeper));
    });
}

async function underSession(guarded: Guarded, flags: Flags, zookeeper: string): Promise<number> {
  const { formatFencing, queuePath, RecipeError } = await import('@meshkeeper/recipes');
  const { kind, name, command } = guarded;
  const path = queuePath(kind, name);
  await using zk = await openZooKeeper({ zookeeper });
  let lease: Lease;
  try {
    lease = await ACQUIRE[kind](zk, path, flags);
  } catch (cause) {
    if (!(cause instanceof RecipeError) || cause.code !== 'TIMEOUT') throw cause;
    throw new CliError(cause.message, ExitCode.NOT_FOUND, { cause });
  }
  // Awaited here: the session must not end before the command has.
  return await runUnder(lease, formatFencing(lease.fencing), command, flags.grace);
}

async function underApi(guarded: Guarded, flags: Flags & GlobalOptions): Promise<number> {
  const { Replicas } = await import('../leases/replicas.ts');
  const { acquireByApi } = await import('../leases/api-lease.ts');
  const { kind, name, command } = guarded;
  const { wait, ttl, grace } = flags;
  const lease = await acquireByApi(new Replicas(flags), {
    ...{ kind: kind === 'lock' ? 'locks' : 'elections', name, ttl, wait },
    // Never one's own of before: what that asked for may be on its way still.
    ...{ holder: `${OWNER}:${randomUUID().slice(0, 8)}`, data: OWNER },
  });
  try {
    return await runUnder(lease, lease.fencing, command, grace);
  } finally {
    await lease.release();
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write 500ms, 30s, 5m or 1h.');
  return Number(match[1]) * UNITS[match[2]!]!;
}
