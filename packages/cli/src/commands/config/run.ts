import { constants } from 'node:os';
import type { OnChange } from '@meshkeeper/config';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { duration } from '../../duration.ts';
import { withExamples } from '../../examples.ts';
import { CliError, type ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import {
  type ClientFlags,
  filesOf,
  modeOf,
  nothingPublished,
  openClient,
  say,
  withClientFlags,
} from './client-flags.ts';
import { withWhoAsks } from './who-asks.ts';

interface Flags extends ClientFlags {
  readonly onChange: OnChange;
  readonly grace: number;
  readonly splay: number;
  readonly override?: boolean;
  readonly optional?: boolean;
}

export function addRunCommand(config: Command): void {
  const run = config
    .command('run')
    .argument('<application>', 'whose configuration')
    .argument('<command...>', 'what to run, after --')
    .description('run a command with configuration in its environment, and keep it up to date')
    .option(
      '--on-change <what>',
      'when what it was given has changed: restart, signal:HUP (any signal), or none',
      onChange,
      { type: 'restart' },
    )
    .addOption(
      new Option('--grace <duration>', 'time to end after SIGTERM, for a restart')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--splay <duration>', 'a random wait before a restart: not all of a fleet at once')
        .argParser(duration)
        .default(0, '0s'),
    )
    .option('--override', 'variables that are set already are replaced')
    .option('--optional', 'also when nothing is published yet');
  withExamples(
    withClientFlags(withWhoAsks(run)),
    [
      'meshkeeper config run shop --profile prod -- node server.js',
      'meshkeeper config run shop --template nginx.conf.hbs:/etc/nginx/nginx.conf --on-change signal:HUP -- nginx -g "daemon off;"',
      'meshkeeper config run shop --file yaml:config.yaml --quiet-period 5s,30s -- ./server',
      'meshkeeper config run shop --zookeeper zk1:2181,zk2:2181 --secrets --key-file /etc/meshkeeper/keys -- ./server',
    ],
    [
      'server.max-connections becomes SERVER_MAXCONNECTIONS, as with Spring. Signals and the exit code pass',
      'through; a command that ends by itself is not started again. When no control plane answers, it goes on',
      'with what was known last.',
    ],
  ).action(async (application: string, words: string[], _: unknown, own: Command) => {
    process.exitCode = await runWith(application, words, optionsOf<Flags>(own));
  });
}

async function runWith(
  application: string,
  [program = '', ...args]: readonly string[],
  options: Flags & GlobalOptions,
): Promise<number> {
  const { runCommand } = await import('@meshkeeper/config');
  const files = await filesOf(options);
  const stop = new AbortController();
  const end = (signal: NodeJS.Signals) => stop.abort(signal);
  process.once('SIGINT', end).once('SIGTERM', end);
  let client: Awaited<ReturnType<typeof openClient>>;
  try {
    client = await openClient(application, options, stop.signal);
  } catch (error) {
    // Told to end before there was a command.
    if (stop.signal.aborted) return 128 + constants.signals[stop.signal.reason as NodeJS.Signals];
    throw error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
  await using config = client;
  const { status, values, layers } = config;
  if (layers.length === 0 && !options.optional)
    throw await nothingPublished(application, options, '--optional runs the command without');
  if (status.state === 'stale') say(`${status.reason}: what was known last is used`);
  const closed = Object.entries(values).filter(
    ([, { type, value }]) => type === 'secret' && value === undefined,
  );
  if (options.secrets && closed.length > 0)
    throw new CliError(
      `${closed.map(([key]) => key).join(', ')}: secrets are not kept on the disk, unless MESHKEEPER_CONFIG_CACHE_KEY is a key to encrypt it with`,
    );
  try {
    return await runCommand({
      ...{ config, files, say, mode: modeOf(options) },
      command: [program, ...args],
      onChange: options.onChange,
      quiet: options.quietPeriod,
      grace: options.grace,
      splay: options.splay,
      inherited: process.env,
      prefix: options.prefix,
      override: options.override,
    });
  } catch (cause) {
    // As a shell says it.
    if (cause instanceof Error && 'code' in cause && cause.code === 'NOT_FOUND')
      throw new CliError(cause.message, 127 as ExitCode, { cause });
    throw cause;
  }
}

function onChange(text: string): OnChange {
  if (text === 'restart' || text === 'none') return { type: text };
  const name = /^signal:(?:SIG)?([A-Z0-9]+)$/i.exec(text)?.[1]?.toUpperCase();
  const signal = Object.keys(constants.signals).find((each) => each === `SIG${name}`);
  if (signal === undefined)
    throw new InvalidArgumentError('Write restart, signal:HUP (any signal), or none.');
  return { type: 'signal', signal: signal as NodeJS.Signals }; // it is one of the system's
}
