import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { TestbedError } from '../testbed-error.ts';

/** How {@link run} runs a command. */
export interface CommandOptions {
  cwd?: string | undefined;
  /** Added to this process's environment. */
  env?: Record<string, string> | undefined;
  /** Text for its standard input. Default none. */
  input?: string | undefined;
  /** Kills it. */
  signal?: AbortSignal | undefined;
  /** Milliseconds before it is killed. Default none. */
  timeout?: number | undefined;
}

/** What a command said. */
export interface CommandResult {
  /** Exit status. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end. A status other than 0 is a result, not an error.
 *
 * @throws TestbedError `component-missing` when there is no such program, `timeout`, or
 * `command-failed` when a signal ended it; the abort signal's reason.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd, env, input = '', signal, timeout } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'pipe',
    killSignal: 'SIGKILL',
  });
  const ended = Promise.withResolvers<{ code: number | null; by: NodeJS.Signals | null }>();
  child.once('error', ended.reject);
  child.once('close', (code, by) => ended.resolve({ code, by }));
  const kill = () => child.kill('SIGKILL');
  let late = false;
  const expire = () => {
    late = true;
    kill();
  };
  const timer = timeout === undefined ? undefined : setTimeout(expire, timeout);
  process.on('exit', kill);
  signal?.addEventListener('abort', kill, { once: true });
  // A program may end without reading its input; its status tells what went wrong.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const [exit, stdout, stderr] = await Promise.all([
      ended.promise,
      text(child.stdout),
      text(child.stderr),
    ]);
    signal?.throwIfAborted();
    if (exit.code !== null) return { code: exit.code, stdout, stderr };
    const output = `${stdout}${stderr}`.trim().split('\n').slice(-20).join('\n');
    if (late) throw new TestbedError('timeout', `${command} ran over ${timeout} ms\n${output}`);
    throw new TestbedError('command-failed', `${command} was ended by ${exit.by}\n${output}`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new TestbedError('component-missing', `there is no program ${command}`, { cause: error });
  } finally {
    clearTimeout(timer);
    process.off('exit', kill);
    signal?.removeEventListener('abort', kill);
  }
}

/** Like {@link run}, and a status other than 0 is a `command-failed` with the output's last lines. */
export async function runOrFail(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  const output = `${result.stdout}${result.stderr}`.trim().split('\n').slice(-20).join('\n');
  const told = `${command} ${args[0] ?? ''} ended with status ${result.code}\n${output}`;
  throw new TestbedError('command-failed', told);
}
