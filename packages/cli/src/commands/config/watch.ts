import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Config, OutputFile } from '@meshkeeper/config';
import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import { CliError, type ExitCode } from '../../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../../global-options.ts';
import { formatOf } from '../../output/format.ts';
import { clean } from '../../output/table.ts';
import { colored, unifiedDiff } from '../../policies/unified-diff.ts';
import { changesText } from './change-text.ts';
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
  readonly once?: boolean;
  readonly dry?: boolean;
}

type TextConfig = Config<Readonly<Record<string, string>>>;
type Values = TextConfig['values'];

export function addWatchCommand(config: Command): void {
  const watch = config
    .command('watch')
    .argument('<application>', 'whose configuration')
    .argument('[command...]', 'what to run after each change, after --')
    .description('follow what instances get: as lines, in files that are kept up, by a command')
    .option('--once', 'only what holds now: write the files, run the command, end')
    .option('--dry', 'write no file and run nothing: show what would be written');
  withExamples(
    withClientFlags(withWhoAsks(watch)),
    [
      'meshkeeper config watch shop --profile prod',
      'meshkeeper config watch shop --template app.conf.hbs:/etc/app.conf -- systemctl reload app',
      'meshkeeper config watch shop --template app.conf.hbs:/etc/app.conf --once --dry',
    ],
    [
      'A template that asks for a key that is not there is an error with its line; the file stays as it is.',
    ],
  ).action(async (application: string, words: readonly string[], _: unknown, own: Command) => {
    await follow(application, words, optionsOf<Flags>(own));
  });
}

async function follow(
  application: string,
  words: readonly string[],
  options: Flags & GlobalOptions,
): Promise<void> {
  const { QuietPeriod } = await import('@meshkeeper/config');
  const files = await filesOf(options);
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const quiet = new QuietPeriod(options.quietPeriod);
  try {
    await using config = await openClient(application, options, stop.signal);
    if ((options.once || options.dry) && config.layers.length === 0)
      throw await nothingPublished(application, options, 'Without --once it is waited for');
    const shown = new Follower(config, files, words, options);
    await shown.first();
    if (options.once || options.dry) return;
    let wake = Promise.withResolvers<void>();
    stop.signal.addEventListener('abort', () => wake.resolve(), { once: true });
    using _changes = config.onChange(() => {
      quiet.changed(performance.now());
      wake.resolve();
    });
    using _status = config.onStatus(({ state, ...status }) => {
      const why = 'reason' in status ? `: ${status.reason}` : '';
      say(state === 'live' ? 'what holds now is known again' : `${state}${why}`);
    });
    // Who only reads lines is told at once.
    const waits = files.length + words.length > 0;
    while (!stop.signal.aborted) {
      wake = Promise.withResolvers();
      const due = waits ? quiet.due : quiet.due && 0;
      const left = due === undefined ? undefined : due - performance.now();
      if (left !== undefined && left <= 0) {
        quiet.over();
        await shown.changed();
        continue;
      }
      const timer = left === undefined ? undefined : setTimeout(() => wake.resolve(), left);
      await wake.promise;
      clearTimeout(timer);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

/** What follows the changes: lines, files, a command. */
class Follower {
  readonly #config: TextConfig;
  readonly #files: readonly OutputFile[];
  readonly #words: readonly string[];
  readonly #options: Flags & GlobalOptions;
  readonly #texts = new Map<string, string>();
  #values: Values = {};

  constructor(
    config: TextConfig,
    files: readonly OutputFile[],
    words: readonly string[],
    options: Flags & GlobalOptions,
  ) {
    this.#config = config;
    this.#files = files;
    this.#words = words;
    this.#options = options;
  }

  /** What holds now. @throws CliError a template can't be rendered */
  async first(): Promise<void> {
    const { dry, once } = this.#options;
    if (dry) await this.#dry();
    else {
      const written = await this.#write();
      if (this.#files.length === 0 && this.#words.length === 0) this.#show();
      const code = written > 0 || this.#files.length === 0 || once ? await this.#run() : 0;
      if (once && code !== 0) process.exitCode = code;
    }
    this.#values = this.#config.values;
  }

  async changed(): Promise<void> {
    try {
      const written = await this.#write();
      if (this.#files.length === 0 && this.#words.length === 0) this.#show();
      this.#values = this.#config.values;
      if (written > 0 || this.#files.length === 0) await this.#run();
    } catch (error) {
      say(`${error instanceof Error ? error.message : String(error)}: files stay as they are`);
    }
  }

  async #write(): Promise<number> {
    const { writeFiles } = await import('@meshkeeper/config');
    const written = await writeFiles(this.#rendered(), this.#texts, modeOf(this.#options));
    for (const path of written) say(`${path} is written`);
    return written.length;
  }

  #rendered(): Map<string, string> {
    return new Map(this.#files.map(({ path, render }) => [path, render(this.#config)]));
  }

  async #dry(): Promise<void> {
    const { readFile } = await import('node:fs/promises');
    for (const [path, text] of this.#rendered()) {
      const before = await readFile(path, 'utf8').catch(() => '');
      const diff = unifiedDiff([path, before], [`${path} (then)`, text]);
      if (diff === '') process.stderr.write(`${path} would stay as it is\n`);
      else process.stdout.write(`${colored(diff.split('\n').map(clean).join('\n'))}\n`);
    }
    if (this.#words.length > 0) process.stderr.write(`${this.#words.join(' ')} would be run\n`);
  }

  /** A line each of what has changed; for scripts a line of JSON. */
  #show(): void {
    const { values, digest, revision } = this.#config;
    if (formatOf(this.#options.output) !== 'table') {
      process.stdout.write(`${JSON.stringify({ digest, revision, values })}\n`);
      return;
    }
    const keys = [...new Set([...Object.keys(this.#values), ...Object.keys(values)])].sort();
    const changes = keys.flatMap((key) => {
      const [before, after] = [this.#values[key], values[key]];
      const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
      if (change === 'changed' && before?.value === after?.value && before?.type === after?.type)
        return [];
      return [{ key, change, ...(before && { before }), ...(after && { after }) } as const];
    });
    if (changes.length > 0) process.stdout.write(`${changesText(changes)}\n`);
  }

  /** Runs the command, once. Gives its exit code. */
  async #run(): Promise<number> {
    const [program, ...args] = this.#words;
    if (program === undefined) return 0;
    const { prepare } = await import('@meshkeeper/config');
    const { env } = prepare(this.#config, {
      ...{ prefix: this.#options.prefix, files: [], inherited: process.env },
    });
    const child = spawn(program, args, { stdio: 'inherit', env });
    try {
      const [code] = await once(child, 'exit');
      if (code !== 0) say(`${program} has ended with ${code}`);
      return code ?? 1;
    } catch (cause) {
      throw new CliError(`${program} can't be run: ${(cause as Error).message}`, 127 as ExitCode, {
        cause,
      });
    }
  }
}
