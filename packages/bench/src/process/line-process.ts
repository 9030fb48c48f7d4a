import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A program with its arguments. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** A program in a process of its own, which answers a line of JSON with another. */
export class LineProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, { command, args }: Command, signal: AbortSignal) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], signal });
    this.#child.on('error', () => {
      // An abort, or no such program; the end of its output is what is noticed.
    });
    this.#child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts one, and waits until it says its first line: that it is ready. */
  static async start(name: string, command: Command, signal: AbortSignal): Promise<LineProcess> {
    const started = new LineProcess(name, command, signal);
    try {
      await started.#next();
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Says a line, and resolves with the answer: of that form, by the program's own protocol. */
  async ask<T>(request: unknown): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await this.#next()) as T;
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the process of ${this.name} has ended`);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    if (this.#child.pid === undefined) return; // it never ran
    const exit = once(this.#child, 'exit');
    this.#child.stdin.end();
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await exit;
    clearTimeout(force);
  }
}
