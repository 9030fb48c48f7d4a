import type { ConnectOptions, ZooKeeper } from '@meshkeeper/zookeeper';
import { type Command, Option } from 'commander';
import { confirm, mustBeAsked } from '../../confirm.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';

/** The flag of every command that talks to an ensemble itself. */
export interface ZooKeeperFlags {
  readonly zookeeper: string;
}

/** How a verb comes by a client and the flags; the shell's verbs share one client. */
export interface Access {
  /** Runs with a client, which is closed afterwards unless it is shared. */
  use(
    command: Command,
    run: (client: ZooKeeper, options: GlobalOptions) => Promise<void>,
  ): Promise<void>;
  /** Asks before something is destroyed, after what would go. @throws CliError unless the answer is yes */
  confirm(question: string, goes: readonly string[]): Promise<void>;
  /** What a path on the command line means. */
  path(text: string): string;
}

/** Adds a verb to a parent command; the examples begin with the verb. */
export type AddVerb = (name: string, description: string, examples: readonly string[]) => Command;

/** How long an ensemble may take to answer the first time, in milliseconds. */
const CONNECT_TIMEOUT = 5_000;

/** The flag that says where the ensemble is. */
export function zooKeeperOption(): Option {
  return new Option('--zookeeper <connect>', 'the ensemble: host:port,host:port/chroot')
    .env('MESHKEEPER_ZOOKEEPER_CONNECT')
    .default('127.0.0.1:2181');
}

/**
 * Connects.
 * @throws CliError that says where nobody answered
 */
export async function openZooKeeper(
  { zookeeper }: ZooKeeperFlags,
  signal?: AbortSignal,
  more: Pick<ConnectOptions, 'onExpired'> = {},
): Promise<ZooKeeper> {
  const { connect } = await import('@meshkeeper/zookeeper');
  const late = AbortSignal.timeout(CONNECT_TIMEOUT);
  try {
    const ended = signal === undefined ? late : AbortSignal.any([signal, late]);
    return await connect({ ...more, connect: zookeeper }, { signal: ended });
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new CliError(
      `no ZooKeeper server answered at ${zookeeper} within ${CONNECT_TIMEOUT / 1000} s: start one with "meshkeeper zookeeper", or say where it is with --zookeeper`,
      ExitCode.FAILED,
      { cause },
    );
  }
}

/** A client of its own for each command. */
export const ownClient: Access = {
  path: (text) => text,
  async confirm(question, goes) {
    mustBeAsked(false);
    await confirm(question, goes);
  },
  async use(command, run) {
    const options = optionsOf<ZooKeeperFlags>(command);
    await using client = await openZooKeeper(options);
    await run(client, options);
  },
};

/** There is no such znode. */
export function notFound(path: string): CliError {
  return new CliError(`there is no znode ${path}`, ExitCode.NOT_FOUND);
}
