import {
  type CreateMode,
  isZooKeeperError,
  joinPath,
  parentOf,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import type { Command } from 'commander';
import { CliError, ExitCode } from '../../exit-code.ts';
import { wholeNumber } from '../../whole-number.ts';
import { type Access, type AddVerb, notFound } from './access.ts';

/** Flags of `create`. */
export interface CreateFlags {
  readonly ephemeral?: boolean;
  readonly sequential?: boolean;
  readonly container?: boolean;
  readonly ttl?: number;
  readonly parents?: boolean;
}

/**
 * Verbs that change znodes.
 * @param hold keeps an ephemeral: runs `create` with a client that lives until Ctrl-C
 */
export function addWriteVerbs(
  add: AddVerb,
  { use, path: znode }: Access,
  hold: (command: Command, create: (client: ZooKeeper) => Promise<void>) => Promise<void>,
): void {
  add('create', 'create a znode and print its path')
    .argument('<path>', 'the znode', znode)
    .argument('[data]', 'text; none when left out')
    .option('-e, --ephemeral', 'goes with its session: this command holds it until Ctrl-C')
    .option('-s, --sequential', 'a number is put behind the name')
    .option('-p, --parents', 'create missing parents too')
    .option('--container', 'goes some time after its last child')
    .option('--ttl <ms>', 'goes when it was not changed for so many milliseconds', wholeNumber)
    .action(async (path: string, data: string | undefined, _: unknown, command: Command) => {
      const flags = command.opts<CreateFlags>();
      const mode = await modeOf(flags);
      const create = async (client: ZooKeeper) => {
        const { ttl, parents } = flags;
        try {
          const created = await client.create(path, data ?? null, { mode, ttl, parents });
          process.stdout.write(`${created.path}\n`);
        } catch (error) {
          if (!isZooKeeperError(error, 'NO_NODE')) throw error;
          const message = `there is no znode ${parentOf(path)} to create it under: create that first, or say --parents`;
          throw new CliError(message, ExitCode.NOT_FOUND, { cause: error });
        }
      };
      await (flags.ephemeral ? hold(command, create) : use(command, create));
    });
  add('set', "replace a znode's data")
    .argument('<path>', 'the znode', znode)
    .argument('<data>', 'text')
    .option('--if-version <n>', 'only if it has this version', wholeNumber)
    .action((path: string, data: string, _: unknown, command: Command) =>
      use(command, async (client) => {
        const { ifVersion } = command.opts<{ ifVersion?: number }>();
        const stat = await client.set(path, data, { version: ifVersion });
        process.stderr.write(`${path} has version ${stat.version} now\n`);
      }),
    );
  add('delete', 'delete a znode without children')
    .argument('<path>', 'the znode', znode)
    .option('--if-version <n>', 'only if it has this version', wholeNumber)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client) => {
        const { ifVersion } = command.opts<{ ifVersion?: number }>();
        await client.delete(path, { version: ifVersion });
      }),
    );
  add('deleteall', 'delete a znode and everything below it')
    .argument('<path>', 'the znode', znode)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client) => {
        if (path === '/' || path === '/zookeeper')
          throw new CliError(`${path} can't be deleted`, ExitCode.USAGE);
        if ((await client.exists(path)) === null) throw notFound(path);
        process.stderr.write(`${await deleteAll(client, path)} znodes deleted\n`);
      }),
    );
}

/** Deletes from the leaves up; what is created meanwhile is deleted too. Returns how many. */
async function deleteAll(zk: ZooKeeper, path: string): Promise<number> {
  let deleted = 0;
  for (;;) {
    try {
      const { children } = await zk.children(path);
      for (const child of children) deleted += await deleteAll(zk, joinPath(path, child));
      await zk.delete(path);
      return deleted + 1;
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return deleted;
      if (!isZooKeeperError(error, 'NOT_EMPTY')) throw error;
    }
  }
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
