import {
  type CreateMode,
  isZooKeeperError,
  joinPath,
  parentOf,
  type ZooKeeper,
} from '@meshkeeper/zookeeper';
import type { Command } from 'commander';
import { YES } from '../../confirm.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { StatusLine } from '../../output/status-line.ts';
import { wholeNumber } from '../../whole-number.ts';
import { type Access, type AddVerb, notFound } from './access.ts';

/** Milliseconds between two lines about long work where nobody looks. */
const PROGRESS = 5_000;

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
  { use, confirm, path: znode }: Access,
  hold: (command: Command, create: (client: ZooKeeper) => Promise<void>) => Promise<void>,
): void {
  // The slash in front of a sequence number counts.
  const newPath = (text: string) =>
    znode(text) + (text.endsWith('/') && !znode(text).endsWith('/') ? '/' : '');
  add('create', 'create a znode and print its path', [
    'create /jobs/nightly \'{"at":"02:00"}\' --parents',
    'create -s /jobs/run-',
    'create -e /members/here    # until Ctrl-C',
  ])
    .argument('<path>', 'the znode', newPath)
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
  add('set', "replace a znode's data", [
    'set /jobs/nightly \'{"at":"03:00"}\'',
    'set /jobs/nightly x --if-version 4',
  ])
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
  add('delete', 'delete a znode without children', [
    'delete /jobs/nightly',
    'delete /jobs/nightly --if-version 4',
  ])
    .argument('<path>', 'the znode', znode)
    .option('--if-version <n>', 'only if it has this version', wholeNumber)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client) => {
        const { ifVersion } = command.opts<{ ifVersion?: number }>();
        await client.delete(path, { version: ifVersion });
      }),
    );
  add('deleteall', 'delete a znode and everything below it, after asking', [
    'deleteall /jobs',
    'deleteall /jobs --yes    # in a script',
  ])
    .argument('<path>', 'the znode', znode)
    .option(...YES)
    .action((path: string, _: unknown, command: Command) =>
      use(command, async (client) => {
        if (path === '/' || path === '/zookeeper')
          throw new CliError(`${path} can't be deleted`, ExitCode.USAGE);
        if ((await client.exists(path)) === null) throw notFound(path);
        if (!command.opts<{ yes?: boolean }>().yes) {
          const { children } = await client.children(path);
          const below = (await client.getAllChildrenNumber(path)) - children.length;
          const goes = [path, ...[...children].sort().map((name) => joinPath(path, name))];
          if (below > 0) goes.push(`and ${below} znodes below these`);
          await confirm(`Delete ${path} and everything below it?`, goes);
        }
        using line = new StatusLine(PROGRESS);
        let deleted = 0;
        await deleteAll(client, path, () => line.show(counted(++deleted)));
        line.end();
        process.stderr.write(`${counted(deleted)}\n`);
      }),
    );
}

function counted(deleted: number): string {
  return `${deleted} znode${deleted === 1 ? '' : 's'} deleted`;
}

/** Deletes from the leaves up; what is created meanwhile is deleted too. */
async function deleteAll(zk: ZooKeeper, path: string, deleted: () => void): Promise<void> {
  for (;;) {
    try {
      const { children } = await zk.children(path);
      for (const child of children) await deleteAll(zk, joinPath(path, child), deleted);
      await zk.delete(path);
      deleted();
      return;
    } catch (error) {
      if (isZooKeeperError(error, 'NO_NODE')) return;
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
