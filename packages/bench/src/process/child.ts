import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program in a process of its own. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** The first line it said. */
  readonly said: string;
}

/** Runs one of our TypeScript files, with arguments, until it says its first line. */
export async function runScript(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Child> {
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
  const argv = ['--conditions=source', ...flags, file, ...args];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], signal });
  child.on('error', () => {
    // An abort; the exit that follows is what is waited for.
  });
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  if (typeof said[0] !== 'string') throw new Error(`${file} ended before it was ready`);
  return new RunningChild(child, said[0]);
}

/** Runs a program that says nothing. */
export function runProgram(command: string, args: readonly string[], signal: AbortSignal): Child {
  const child = spawn(command, args, { stdio: 'ignore', signal });
  child.on('error', () => {
    // As above; a program that isn't there is noticed by whoever connects to it.
  });
  return new RunningChild(child, '');
}

class RunningChild implements Child {
  readonly said: string;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, said: string) {
    this.#child = child;
    this.said = said;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await exit;
    clearTimeout(force);
  }
}
