import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError, type ExitCode } from '../exit-code.ts';

/** The command that a sidecar is beside. */
export interface Companion {
  /** Its exit code; 128 and the signal's number if a signal ended it that was not ours. */
  readonly ended: Promise<number>;
  /** Passes a signal on. */
  signal(signal: NodeJS.Signals): void;
  /** Tells it to end, and after `grace` milliseconds ends it. */
  end(grace: number): Promise<number>;
}

/** Starts it. What can't be run ends with 127, as in a shell. */
export function startCompanion(
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Companion {
  // A group of its own, so that Ctrl-C comes to it when it is its turn to end.
  const child: ChildProcess = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
    detached: true,
  });
  let ending = false;
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new CliError(`${program} can't be run: ${cause.message}`, 127 as ExitCode, { cause })),
    );
    child.once('exit', (code, signal) => {
      if (signal === null) resolve(code ?? 0);
      else resolve(ending && signal === 'SIGTERM' ? 0 : 128 + constants.signals[signal]);
    });
  });
  ended.catch(() => {}); // whoever waits for it is told
  return {
    ended,
    signal: (signal) => void child.kill(signal),
    async end(grace) {
      ending = true;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), grace);
      try {
        return await ended;
      } finally {
        clearTimeout(late);
      }
    },
  };
}
