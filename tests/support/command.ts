import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@meshkeeper/testbed';

/** Where the checkout's commands are: Node 24 and `meshkeeper` itself. */
const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

/** How `meshkeeper` is called. */
export interface CommandOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the system's temporary folder, so that no file of the checkout plays a part. */
  readonly cwd?: string;
  /** Its standard input. Default: none. */
  readonly input?: string;
}

/** What a command that has ended said. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a long-running command says that it listens. */
export interface Ready {
  readonly event: 'ready';
  readonly api: string;
  readonly xds: string;
  readonly gateway: string;
  readonly dns: string;
  readonly zookeeper: string;
}

/** A long-running command that is ready; disposing kills it. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Its ready line; what doesn't apply is undefined. */
  readonly ready: Ready;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Result & { readonly milliseconds: number }>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs `meshkeeper` to its end. */
export async function meshkeeper(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Result> {
  const child = launch(args, options);
  await child.ended;
  return child.result();
}

/** Runs `meshkeeper … -o json`, which must succeed, and reads what it prints. */
export async function meshkeeperJson<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await meshkeeper([...args, '-o', 'json']);
  if (code !== 0) throw new Error(`meshkeeper ${args.join(' ')} ended with ${code}: ${stderr}`);
  // The caller names what the command's documentation says.
  return JSON.parse(stdout) as T;
}

/** Starts a long-running `meshkeeper … -o json`, and waits for its ready line. */
export async function startMeshkeeper(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Running> {
  const command = start([...args, '-o', 'json'], options);
  try {
    const line = await command.printed(/^\{"event":"ready".*$/m);
    return { ...command, ready: JSON.parse(line) };
  } catch (error) {
    await command[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts a long-running command; {@link Started.printed} waits for what it says. */
export interface Started extends Omit<Running, 'ready'> {
  /** Waits until standard output matches, and gives what does. */
  printed(wanted: RegExp): Promise<string>;
  /** Waits for its end. */
  ended(): Promise<Result>;
}

export function start(args: readonly string[], options: CommandOptions = {}): Started {
  const { child, ended, result } = launch(args, options);
  const pid = child.pid ?? 0;
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    stdout: () => result().stdout,
    stderr: () => result().stderr,
    async printed(wanted) {
      const name = `meshkeeper ${args.join(' ')}`;
      const found = await until(() => wanted.exec(result().stdout)?.[0] ?? (alive() ? null : ''), {
        timeout: 30_000,
        message: `${name} prints ${wanted}`,
      });
      if (found !== '') return found;
      await ended;
      throw new Error(`${name} ended with ${child.exitCode}: ${result().stderr}`);
    },
    async ended() {
      await ended;
      return result();
    },
    async end(signal) {
      const begin = performance.now();
      child.kill(signal);
      await ended;
      return { ...result(), milliseconds: performance.now() - begin };
    },
    async [Symbol.asyncDispose]() {
      if (alive()) child.kill('SIGKILL');
      await ended;
    },
  };
}

function launch(args: readonly string[], { env = {}, cwd = tmpdir(), input }: CommandOptions) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MESHKEEPER_'));
  const PATH = `${BIN}${delimiter}${process.env.PATH}`;
  const child = spawn(`${BIN}/meshkeeper`, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), PATH, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // it may end without reading it
  child.stdin.end(input);
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(() => {
    running.delete(child);
  });
  return { child, ended, result: (): Result => ({ code: child.exitCode, stdout, stderr }) };
}
