import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Subscription } from '../client/config.ts';
import type { Resolved } from '../client/resolved.ts';
import type { ConfigStatus } from '../client/status.ts';
import { ConfigError } from '../config-error.ts';
import { writeFiles } from '../template/output-file.ts';
import { type Child, type Ended, exitCodeOf, type Start, startProcess } from './child.ts';
import { type Prepared, type PrepareOptions, prepare } from './prepared.ts';
import { QuietPeriod, type QuietPeriodOptions } from './quiet-period.ts';

/** What becomes of a command when its configuration is another. */
export type OnChange =
  | { readonly type: 'restart' }
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly type: 'none' };

/** The configuration that a command is run with: a `Config` is one. */
export interface Followed extends Pick<Resolved, 'values' | 'layers'> {
  onChange(listener: () => void): Subscription;
  onStatus(listener: (status: ConfigStatus) => void): Subscription;
}

/** What {@link runCommand} is told. */
export interface RunOptions extends PrepareOptions {
  readonly config: Followed;
  readonly command: readonly [string, ...string[]];
  readonly onChange: OnChange;
  readonly quiet: QuietPeriodOptions;
  /** Milliseconds from SIGTERM to SIGKILL, when it is restarted. */
  readonly grace: number;
  /** Milliseconds, of which each restart waits a random part: not all of a fleet at once. */
  readonly splay: number;
  /** Of files that aren't there yet. */
  readonly mode: number;
  /** Told what happens, a sentence each. */
  readonly say: (sentence: string) => void;
  readonly start?: Start;
}

/** Passed on to the command, which decides what they mean. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const;
/** After these no other command is started. */
const ENDING: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGQUIT']);
/** A terminal sends these to the command itself, too: passed on they would come twice. */
const OF_TERMINALS: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Runs a command with configuration in its environment and in files, and does what was asked when that
 * changes. It ends when the command ends by itself, with its exit code: one that crashes is not started
 * again.
 * @throws ConfigError NOT_VALID what it was to begin with can't be given; NOT_FOUND the command can't be run
 */
export async function runCommand(options: RunOptions): Promise<number> {
  const { config } = options;
  const first = prepare(config, options);
  const run = new Run(options, first);
  using _changes = config.onChange(() => run.changed());
  using _status = config.onStatus((status) => {
    if (status.state === 'stale') run.say(`${status.reason}: what was known last goes on`);
    else if (status.state === 'rejected') run.say('what is published can not be used');
    else run.say('the configuration is what holds now');
  });
  const pass = (signal: NodeJS.Signals) => run.signal(signal);
  for (const signal of PASSED_ON) process.on(signal, pass);
  try {
    return await run.toEnd();
  } finally {
    for (const signal of PASSED_ON) process.off(signal, pass);
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #quiet: QuietPeriod;
  /** What is in the files. */
  readonly #texts = new Map<string, string>();
  readonly #noted = new Set<string>();
  #prepared: Prepared;
  #child: Child | undefined;
  #isEnding = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: RunOptions, prepared: Prepared) {
    this.#options = options;
    this.#quiet = new QuietPeriod(options.quiet);
    this.#prepared = prepared;
  }

  say(sentence: string): void {
    this.#options.say(sentence);
  }

  changed(): void {
    this.#quiet.changed(performance.now());
    this.#wake.resolve();
  }

  signal(signal: NodeJS.Signals): void {
    if (ENDING.has(signal)) this.#isEnding = true;
    if (process.stdin.isTTY && OF_TERMINALS.has(signal)) return;
    this.#child?.kill(signal);
  }

  async toEnd(): Promise<number> {
    await this.#give(this.#prepared);
    if (this.#isEnding) return 130;
    let running = this.#start();
    for (;;) {
      const ended = await this.#untilQuiet(running.ended);
      if (ended !== undefined) return exitCodeOf(ended);
      const next = await this.#next();
      if (next === undefined) continue;
      const stopped = await this.#tell(running, next);
      if (stopped === undefined) continue;
      // It was told to end meanwhile: then this was its end.
      if (this.#isEnding) return exitCodeOf(stopped);
      running = this.#start();
    }
  }

  #start(): Child {
    const { command, start = startProcess } = this.#options;
    this.#child = start(command, this.#prepared.env);
    return this.#child;
  }

  /** Waits until changes have come to rest; gives how the command has ended, if it does before. */
  async #untilQuiet(ended: Promise<Ended>): Promise<Ended | undefined> {
    for (;;) {
      this.#wake = Promise.withResolvers();
      const { due } = this.#quiet;
      const left = due === undefined ? undefined : due - performance.now();
      if (left !== undefined && left <= 0) {
        this.#quiet.over();
        return undefined;
      }
      const timer = new AbortController();
      const waits: Promise<Ended | undefined>[] = [ended, this.#wake.promise.then(() => undefined)];
      if (left !== undefined)
        waits.push(
          pause(left, undefined, { signal: timer.signal }).then(
            () => undefined,
            () => undefined,
          ),
        );
      const first = await Promise.race(waits);
      timer.abort();
      if (first !== undefined) return first;
    }
  }

  /** What the command is to be given now; undefined when that is what it has, or nothing can be. */
  async #next(): Promise<{ env: boolean; files: string[] } | undefined> {
    let next: Prepared;
    let files: string[];
    try {
      next = prepare(this.#options.config, this.#options);
      files = await this.#give(next);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.say(`what has changed can not be given to the command, which keeps what it has: ${why}`);
      return undefined;
    }
    const env = !isDeepStrictEqual(next.env, this.#prepared.env);
    this.#prepared = next;
    return env || files.length > 0 ? { env, files } : undefined;
  }

  /** Writes the files, and says what is to be known. */
  async #give({ files, notes }: Prepared): Promise<string[]> {
    for (const note of notes) {
      if (!this.#noted.has(note)) this.say(note);
      this.#noted.add(note);
    }
    try {
      return await writeFiles(files, this.#texts, this.#options.mode);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigError('NOT_VALID', `a file can't be written: ${why}`, { cause });
    }
  }

  /** Does what was asked for; gives how the command has ended, if it was told to. */
  async #tell(
    running: Child,
    { env, files }: { env: boolean; files: string[] },
  ): Promise<Ended | undefined> {
    const { onChange, grace, splay } = this.#options;
    const what = [env ? 'the environment' : '', ...files].filter((text) => text !== '').join(', ');
    if (onChange.type === 'none') {
      this.say(`${what} changed`);
      return undefined;
    }
    if (onChange.type === 'signal') {
      this.say(`${what} changed: the command is told by ${onChange.signal}`);
      if (env) this.say('the environment of a running command stays what it was');
      running.kill(onChange.signal);
      return undefined;
    }
    const delay = Math.random() * splay;
    const early = await Promise.race([running.ended, pause(delay).then(() => undefined)]);
    if (early !== undefined) {
      this.#isEnding = true; // by itself: it is not started again
      return early;
    }
    this.say(`${what} changed: the command is started again`);
    running.kill('SIGTERM');
    const killing = setTimeout(() => running.kill('SIGKILL'), grace);
    try {
      return await running.ended;
    } finally {
      clearTimeout(killing);
    }
  }
}
