import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { TestbedError } from '../testbed-error.ts';
import { guard, unguard } from './guardian.ts';

/** What a {@link Child} runs. */
export interface ChildOptions {
  command: string;
  args: readonly string[];
  cwd?: string | undefined;
  /** Added to this process's environment. */
  env?: Record<string, string> | undefined;
  /** The file that its standard error, and its standard output if it is not piped, are added to. */
  log: string;
  /** Whether its standard input and output are pipes. Default no. */
  pipe?: boolean | undefined;
}

/**
 * A long-running child process. It does not keep this process alive, except while somebody waits
 * for its end, and it never outlives this process.
 */
export class Child {
  /** Process id. */
  readonly pid: number;
  /** The pipes, if they were asked for. */
  readonly process: ChildProcess;
  /** Resolves with a description of how it ended. Never rejects. */
  readonly exited: Promise<string>;

  private constructor(child: ChildProcess, pid: number) {
    this.process = child;
    this.pid = pid;
    const exited = Promise.withResolvers<string>();
    child.once('exit', (code, signal) => {
      unguard(pid);
      exited.resolve(signal ? `was ended by ${signal}` : `ended with status ${code}`);
    });
    this.exited = exited.promise;
    guard(pid);
    child.unref();
  }

  /**
   * Starts it.
   *
   * @throws TestbedError `component-missing` when there is no such program.
   */
  static async spawn(options: ChildOptions): Promise<Child> {
    const log = await open(options.log, 'a');
    try {
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: options.pipe ? ['pipe', 'pipe', log.fd] : ['ignore', log.fd, log.fd],
      });
      await once(child, 'spawn');
      if (child.pid === undefined) throw new Error(`${options.command} has no pid`);
      return new Child(child, child.pid);
    } catch (error) {
      const told = `cannot run ${options.command}`;
      throw new TestbedError('component-missing', told, { cause: error });
    } finally {
      await log.close();
    }
  }

  /** Whether it has not ended yet. A paused process runs. */
  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Sends a signal; does nothing if it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.process.kill(signal);
  }

  /** SIGSTOP, and waits until all of its threads have stopped, where the system tells. */
  pause(): void {
    this.signal('SIGSTOP');
    for (let i = 0; i < PAUSE_TRIES && this.running && !isStopped(this.pid); i++)
      Atomics.wait(SLEEPER, 0, 0, 1);
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended();
  }

  /** SIGTERM, also to a paused process, and SIGKILL if it is still there after `grace` ms. */
  async stop(grace = 5_000): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const late = new AbortController();
    const timer = wait(grace, undefined, { signal: late.signal }).then(
      () => this.signal('SIGKILL'),
      () => {},
    );
    await this.#ended();
    late.abort();
    await timer;
  }

  async #ended(): Promise<void> {
    this.process.ref();
    await this.exited;
  }
}

/** Milliseconds until a pause is taken for done. */
const PAUSE_TRIES = 1_000;
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

/** Whether all threads of a process are stopped; taken for true where there is no /proc. */
function isStopped(pid: number): boolean {
  try {
    const tasks = `/proc/${pid}/task`;
    // After the name, which is in brackets and may hold anything.
    const state = (task: string) =>
      /\) (\w)/.exec(readFileSync(`${tasks}/${task}/stat`, 'utf8'))?.[1];
    return readdirSync(tasks).every((task) => state(task) === 'T');
  } catch {
    return true;
  }
}
