import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Config, ConfigSource, FileFormat, OutputFile } from '@meshkeeper/config';
import { type Command, InvalidArgumentError } from 'commander';
import { duration } from '../../duration.ts';
import { CliError, ExitCode } from '../../exit-code.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { clean } from '../../output/table.ts';
import type { EnsembleFlags } from './ensemble-source.ts';
import type { WhoAsks } from './who-asks.ts';

/** The flags of commands that go on getting what instances get. */
export interface ClientFlags extends WhoAsks {
  readonly template?: readonly Rendering[];
  readonly file?: readonly Rendering[];
  readonly mode?: number;
  readonly prefix?: string;
  readonly quietPeriod: { readonly min: number; readonly max: number };
  /** False with `--no-cache`. */
  readonly cache: boolean;
  readonly cacheDir?: string;
  /** Straight on an ensemble. */
  readonly zookeeper?: string;
  readonly keyFile?: string;
}

/** From what, to where. */
export interface Rendering {
  readonly from: string;
  readonly to: string;
}

/** As the library has them, which is not loaded for a help. */
const FILE_FORMATS = Object.keys({
  ...{ yaml: true, json: true, properties: true, env: true },
} satisfies Readonly<Record<FileFormat, true>>);

/** Declares those besides who asks. */
export function withClientFlags(command: Command): Command {
  return command
    .option('--template <in:out>', 'a file to be made by a template; may be given again', rendering)
    .option(
      '--file <format:out>',
      `a file with all keys, as ${FILE_FORMATS.join(', ')}; may be given again`,
      fileRendering,
    )
    .option(
      '--mode <octal>',
      'of files that are not there yet (default: 644; 600 with --secrets)',
      octal,
    )
    .option('--prefix <text>', 'before the names of variables: APP_')
    .option(
      '--quiet-period <min,max>',
      'wait until nothing has changed for so long, or max has passed',
      quietPeriod,
      { min: 1_000, max: 4_000 },
    )
    .option('--no-cache', 'keep nothing on the disk to begin with when nobody answers')
    .option('--cache-dir <folder>', 'where that is kept (default: ~/.cache/meshkeeper)')
    .option(
      '--zookeeper <connect>',
      'not over the API but straight on an ensemble: host:port,host:port/chroot',
    )
    .option(
      '--key-file <file>',
      'with --zookeeper: the keys of its secrets, as control planes have them (default: MESHKEEPER_CONFIG_KEYS)',
    );
}

/** Opens the client of these flags, which says on standard error what goes wrong. */
export async function openClient(
  application: string,
  options: ClientFlags & GlobalOptions,
  signal: AbortSignal,
): Promise<Config<Readonly<Record<string, string>>>> {
  const { server, token, profile, instance, address, label, secrets, cache, cacheDir } = options;
  const { zookeeper, keyFile } = options;
  if (keyFile !== undefined && (zookeeper === undefined || !secrets))
    throw new CliError('--key-file is for --secrets with --zookeeper', ExitCode.USAGE);
  const source = zookeeper && (await ensemble({ ...options, zookeeper }));
  const folder = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const key = process.env.MESHKEEPER_CONFIG_CACHE_KEY;
  const { openConfig } = await import('@meshkeeper/config');
  return openConfig(
    {
      application,
      server,
      ...(source && { source }),
      ...(token !== undefined && { token }),
      ...(profile !== undefined && { profile }),
      ...(instance !== undefined && { instance }),
      ...(address !== undefined && { address }),
      ...(label !== undefined && { labels: label }),
      ...(secrets !== undefined && { secrets }),
      ...(cache && { cacheDir: cacheDir ?? join(folder, 'meshkeeper') }),
      ...(key !== undefined && { cacheKey: key }),
      logger: {
        info() {},
        warn: (fields, message) => {
          if (options.verbose) say(`${message} ${JSON.stringify(fields)}`);
        },
      },
    },
    { signal },
  );
}

/** That there is nothing for an application, and which one was meant perhaps. */
export async function nothingPublished(
  application: string,
  options: ClientFlags & GlobalOptions,
  instead: string,
): Promise<CliError> {
  const { ConfigApi } = await import('./api.ts');
  const meant =
    options.zookeeper === undefined && (await new ConfigApi(options).meant(application));
  return new CliError(
    `nothing is published for ${application}${meant || ': is that its name?'} ${instead}`,
    ExitCode.NOT_FOUND,
  );
}

async function ensemble(flags: EnsembleFlags): Promise<ConfigSource> {
  const { EnsembleSource } = await import('./ensemble-source.ts');
  return EnsembleSource.of(flags);
}

/** The files of these flags. @throws ConfigError a template is none, or isn't there */
export async function filesOf({
  template = [],
  file = [],
  prefix,
}: ClientFlags): Promise<OutputFile[]> {
  const { formatFile, templateFile } = await import('@meshkeeper/config');
  const all = [...template, ...file].map(({ to }) => to);
  const twice = all.find((to, i) => all.indexOf(to) !== i);
  if (twice !== undefined) throw new CliError(`${twice} is written twice`, ExitCode.USAGE);
  return [
    ...(await Promise.all(template.map(({ from, to }) => templateFile(from, to)))),
    // Which `fileRendering` has looked at.
    ...file.map(({ from, to }) => formatFile(from as FileFormat, to, prefix)),
  ];
}

/** The mode of files that aren't there yet. */
export function modeOf({ mode, secrets }: ClientFlags): number {
  return mode ?? (secrets ? 0o600 : 0o644);
}

/** Tells a sentence on standard error. */
export function say(sentence: string): void {
  for (const line of sentence.split('\n')) process.stderr.write(`meshkeeper: ${clean(line)}\n`);
}

function rendering(text: string, before: readonly Rendering[] = []): readonly Rendering[] {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) throw new InvalidArgumentError('Write IN:OUT.');
  return [...before, { from: text.slice(0, colon), to: text.slice(colon + 1) }];
}

function fileRendering(text: string, before: readonly Rendering[] = []): readonly Rendering[] {
  const all = rendering(text, before);
  if (FILE_FORMATS.some((format) => format === all.at(-1)?.from)) return all;
  throw new InvalidArgumentError(`Write one of ${FILE_FORMATS.join(', ')}, a colon and a file.`);
}

function octal(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw new InvalidArgumentError('Write it as chmod takes it: 640.');
}

/** `2s`, `2s,8s`; without a maximum four times as long, as consul-template's `wait`. */
function quietPeriod(text: string): ClientFlags['quietPeriod'] {
  const [min = '', max, ...more] = text.split(/[,:]/);
  if (more.length > 0) throw new InvalidArgumentError('Write 2s, or 2s,8s.');
  const least = duration(min);
  const most = max === undefined ? 4 * least : duration(max);
  if (most < least) throw new InvalidArgumentError('The maximum is less than the minimum.');
  return { min: least, max: most };
}
