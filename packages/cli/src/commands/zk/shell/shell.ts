import { createInterface, type Interface } from 'node:readline/promises';
import { type ZooKeeper, ZooKeeperError } from '@meshkeeper/zookeeper';
import { type Command, CommanderError } from 'commander';
import { mustBeAsked } from '../../../confirm.ts';
import { CliError, ExitCode, exitCodeOf } from '../../../exit-code.ts';
import { wordsOf } from '../../../words.ts';
import { complete } from './complete.ts';
import { History, historyFile, REMEMBERED } from './history.ts';
import { interruptible, unlessAborted } from './interruptible.ts';
import { type ShellSession, shellProgram } from './program.ts';

/** Ends the shell. */
class Exit extends Error {}

/** One session at the prompt: one client, and a znode to be at. */
export class Shell {
  readonly #zk: ZooKeeper;
  readonly #server: string;
  #at = '/';
  /** What Ctrl-C ends. */
  #running: AbortController | undefined;
  #lines: Interface | undefined;

  constructor(zk: ZooKeeper, server: string) {
    this.#zk = zk;
    this.#server = server;
  }

  /** Runs the lines of standard input, until one fails. */
  async runScript(): Promise<void> {
    let pending = '';
    let number = 0;
    for await (const text of createInterface({ input: process.stdin })) {
      number++;
      const line = wordsOf(pending + text);
      if (line.type === 'open') {
        pending += `${text}\n`;
        continue;
      }
      pending = '';
      try {
        await this.#execute(line.words, `line ${number}: `);
      } catch (error) {
        if (error instanceof Exit) return;
        if (!(error instanceof CommanderError)) tell(`line ${number}: ${messageOf(error)}`);
        process.exitCode = exitCodeOf(error);
        return;
      }
    }
    if (pending === '') return;
    throw new CliError(`line ${number}: a quote is still open`, ExitCode.USAGE);
  }

  /** Runs what is typed, until Ctrl-D. */
  async talk(): Promise<void> {
    const history = new History(historyFile(process.env));
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      history: history.read(),
      historySize: REMEMBERED,
      removeHistoryDuplicates: true,
      completer: (line: string) => this.#complete(line),
    });
    this.#lines = lines;
    let pending = '';
    let closed = false;
    lines.once('close', () => {
      closed = true;
    });
    const prompt = () => {
      if (closed) return;
      lines.setPrompt(pending === '' ? `${this.#server}${this.#at}> ` : '… ');
      lines.prompt();
    };
    lines.on('SIGINT', () => {
      if (this.#running !== undefined) {
        this.#running.abort(new CliError('interrupted'));
        return;
      }
      pending = '';
      process.stdout.write(lines.line === '' ? '\n(Ctrl-D ends the shell)\n' : '\n');
      // readline has no other way to forget what was typed.
      lines.write(null, { ctrl: true, name: 'e' });
      lines.write(null, { ctrl: true, name: 'u' });
      prompt();
    });
    const unlisten = this.#tellOfConnection(prompt);
    try {
      prompt();
      for await (const text of lines) {
        const line = wordsOf(pending + text);
        if (pending === '' && line.type === 'words') history.add(text);
        pending = line.type === 'open' ? `${pending}${text}\n` : '';
        if (line.type === 'words') {
          try {
            await this.#execute(line.words, '');
          } catch (error) {
            if (error instanceof Exit) return;
            if (!(error instanceof CommanderError)) tell(messageOf(error));
          }
        }
        prompt();
      }
      process.stdout.write('\n');
    } finally {
      unlisten();
      lines.close();
    }
  }

  /** @throws what the verb throws, unless that was only help */
  async #execute(words: readonly string[], prefix: string): Promise<void> {
    if (words.length === 0) return;
    if (['exit', 'quit'].includes(words[0]!)) throw new Exit();
    const running = new AbortController();
    this.#running = running;
    try {
      const program = this.#program(running.signal, prefix);
      const work = program.parseAsync(words, { from: 'user' }).then(() => {});
      await unlessAborted(work, running.signal);
    } catch (error) {
      // Help comes this way too, with 0.
      if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /** Made anew for each line, as flags stick. */
  #program(signal: AbortSignal, prefix: string): Command {
    const shell = this;
    const session: ShellSession = {
      zk: interruptible(this.#zk, signal),
      server: this.#server,
      signal,
      get at() {
        return shell.#at;
      },
      set at(path) {
        shell.#at = path;
      },
      confirm: (question, goes) => this.#confirm(question, goes, signal),
      withTerminal: (run) => this.#withTerminal(run),
    };
    return shellProgram(session, (text) => process.stderr.write(`${prefix}${text}`));
  }

  async #confirm(question: string, goes: readonly string[], signal: AbortSignal): Promise<void> {
    mustBeAsked(false);
    for (const path of goes) tell(`  ${path}`);
    const answer = await this.#lines?.question(`${question} [y/N] `, { signal });
    if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new CliError('nothing was changed');
  }

  async #withTerminal<T>(run: () => Promise<T>): Promise<T> {
    this.#lines?.pause();
    process.stdin.setRawMode(false);
    try {
      return await run();
    } finally {
      process.stdin.setRawMode(true);
      this.#lines?.resume();
    }
  }

  #complete(line: string): Promise<[string[], string]> {
    return complete(line, {
      program: this.#program(new AbortController().signal, ''),
      at: this.#at,
      children: async (path) => {
        try {
          return (await this.#zk.children(path)).children;
        } catch (error) {
          if (error instanceof ZooKeeperError) return [];
          throw error;
        }
      },
    });
  }

  /** Says when ZooKeeper goes away, and when it is back. */
  #tellOfConnection(prompt: () => void): () => void {
    let away = false;
    return this.#zk.onState((state) => {
      const was = away;
      away = state.type !== 'connected';
      let text: string | undefined;
      if (state.type === 'disconnected' && !was) text = 'the connection is away: trying again';
      if (state.type === 'expired') text = 'the session has expired: its ephemerals are gone';
      if (state.type === 'connected' && was) text = `connected again, to ${state.server}`;
      if (text === undefined) return;
      process.stderr.write(`\r\u001b[K(${text})\n`);
      if (this.#running === undefined) prompt();
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
