import type { CreateMode, Stat, ZooKeeper } from '@meshkeeper/zookeeper';
import { type Command, Option } from 'commander';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { runUntilSignal } from '../lifecycle.ts';
import { print } from '../output/format.ts';
import { wholeNumber } from '../whole-number.ts';

interface ZkFlags {
  readonly zookeeper: string;
}

interface CreateFlags {
  readonly ephemeral?: boolean;
  readonly sequential?: boolean;
  readonly container?: boolean;
  readonly ttl?: number;
}

/** How long an ensemble may take to answer the first time, in milliseconds. */
const CONNECT_TIMEOUT = 5_000;

export function addZkCommands(program: Command): void {
  const zk = program.command('zk').description('look at ZooKeeper itself, and change it');
  const add = (name: string, description: string) =>
    zk
      .command(name)
      .description(description)
      .addOption(
        new Option('--zookeeper <connect>', 'the ensemble: host:port,host:port/chroot')
          .env('MESHKEEPER_ZOOKEEPER_CONNECT')
          .default('127.0.0.1:2181'),
      );

  add('ls', "a znode's children")
    .argument('[path]', 'the znode', '/')
    .action((path: string, _: unknown, command: Command) =>
      withZooKeeper(command, async (client, { output }) => {
        const { children } = await client.children(path);
        const names = [...children].sort();
        await print(names, output, (list) => list.join('\n'));
      }),
    );
  add('get', "a znode's data, as it is")
    .argument('<path>')
    .action((path: string, _: unknown, command: Command) =>
      withZooKeeper(command, async (client, { output }) => {
        const { data, stat } = await client.get(path);
        if (output === 'json' || output === 'yaml')
          await print({ path, data: data.toString(), stat: statView(stat) }, output, () => '');
        else process.stdout.write(process.stdout.isTTY ? `${data.toString()}\n` : data);
      }),
    );
  add('stat', "a znode's metadata")
    .argument('<path>')
    .action((path: string, _: unknown, command: Command) =>
      withZooKeeper(command, async (client, { output }) => {
        const stat = await client.exists(path);
        if (stat === null) throw notFound(path);
        await print(statView(stat), output, (view) => ({
          head: ['FIELD', 'VALUE'],
          rows: Object.entries(view).map(([field, value]) => [field, String(value)]),
        }));
      }),
    );
  add('create', 'create a znode and print its path')
    .argument('<path>')
    .argument('[data]', 'text; none when left out')
    .option('-e, --ephemeral', 'goes with its session: this command holds it until Ctrl-C')
    .option('-s, --sequential', 'a number is put behind the name')
    .option('--container', 'goes some time after its last child')
    .option('--ttl <ms>', 'goes when it was not changed for so many milliseconds', wholeNumber)
    .action(async (path: string, data: string | undefined, _: unknown, command: Command) => {
      const flags = optionsOf<CreateFlags>(command);
      const mode = await modeOf(flags);
      const create = async (client: ZooKeeper) => {
        try {
          const created = await client.create(path, data ?? null, { mode, ttl: flags.ttl });
          process.stdout.write(`${created.path}\n`);
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'NO_NODE')) throw error;
          const parent = path.slice(0, path.lastIndexOf('/'));
          const message = `there is no znode ${parent} to create it under: create that first`;
          throw new CliError(message, ExitCode.NOT_FOUND, { cause: error });
        }
      };
      if (!flags.ephemeral) return withZooKeeper(command, create);
      await runUntilSignal(async (stack, signal) => {
        await create(stack.use(await open(optionsOf<ZkFlags>(command), signal)));
      });
    });
  add('set', "replace a znode's data")
    .argument('<path>')
    .argument('<data>', 'text')
    .option('--if-version <n>', 'only if it has this version', wholeNumber)
    .action((path: string, data: string, _: unknown, command: Command) =>
      withZooKeeper(command, async (client) => {
        const { ifVersion } = command.opts<{ ifVersion?: number }>();
        const stat = await client.set(path, data, { version: ifVersion });
        process.stderr.write(`${path} has version ${stat.version} now\n`);
      }),
    );
  add('delete', 'delete a znode without children')
    .argument('<path>')
    .option('--if-version <n>', 'only if it has this version', wholeNumber)
    .action((path: string, _: unknown, command: Command) =>
      withZooKeeper(command, async (client) => {
        const { ifVersion } = command.opts<{ ifVersion?: number }>();
        await client.delete(path, { version: ifVersion });
      }),
    );
  add('watch', 'print what happens at a znode and below it, until Ctrl-C')
    .argument('[path]', 'the znode', '/')
    .action((path: string, _: unknown, command: Command) =>
      runUntilSignal(async (stack, signal) => {
        const options = optionsOf<ZkFlags>(command);
        const client = stack.use(await open(options, signal));
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

async function open(options: ZkFlags & GlobalOptions, signal?: AbortSignal): Promise<ZooKeeper> {
  const { connect } = await import('@meshkeeper/zookeeper');
  const late = AbortSignal.timeout(CONNECT_TIMEOUT);
  try {
    const ended = signal === undefined ? late : AbortSignal.any([signal, late]);
    return await connect({ connect: options.zookeeper }, { signal: ended });
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new CliError(
      `no ZooKeeper server answered at ${options.zookeeper} within ${CONNECT_TIMEOUT / 1000} s: start one with "meshkeeper zookeeper", or say where it is with --zookeeper`,
      ExitCode.FAILED,
      { cause },
    );
  }
}

async function withZooKeeper(
  command: Command,
  run: (client: ZooKeeper, options: GlobalOptions) => Promise<void>,
): Promise<void> {
  const options = optionsOf<ZkFlags>(command);
  await using client = await open(options);
  await run(client, options);
}

async function modeOf({ ephemeral, sequential, container, ttl }: CreateFlags): Promise<CreateMode> {
  const { CreateMode: Mode } = await import('@meshkeeper/zookeeper');
  if ([ephemeral, container, ttl !== undefined].filter(Boolean).length > 1)
    throw new CliError('choose one of --ephemeral, --container and --ttl', ExitCode.USAGE);
  if (container && sequential)
    throw new CliError(
      'a container has no sequence number: leave --sequential out',
      ExitCode.USAGE,
    );
  if (container) return Mode.CONTAINER;
  if (ttl !== undefined)
    return sequential ? Mode.PERSISTENT_SEQUENTIAL_WITH_TTL : Mode.PERSISTENT_WITH_TTL;
  if (ephemeral) return sequential ? Mode.EPHEMERAL_SEQUENTIAL : Mode.EPHEMERAL;
  return sequential ? Mode.PERSISTENT_SEQUENTIAL : Mode.PERSISTENT;
}

function statView(stat: Stat) {
  const { czxid, mzxid, pzxid, ephemeralOwner, ctime, mtime, ...counts } = stat;
  return {
    czxid: hex(czxid),
    mzxid: hex(mzxid),
    pzxid: hex(pzxid),
    ctime: new Date(ctime).toISOString(),
    mtime: new Date(mtime).toISOString(),
    ...counts,
    ephemeralOwner: hex(ephemeralOwner),
  };
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

function notFound(path: string): CliError {
  return new CliError(`there is no znode ${path}`, ExitCode.NOT_FOUND);
}
