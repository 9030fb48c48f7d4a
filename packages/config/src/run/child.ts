import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ConfigError } from '../config-error.ts';

/** How a command has ended: by itself, or by a signal. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command that runs. */
export interface Child {
  /** Rejects when it can't be run at all. */
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a command, which has this process's terminal. */
export type Start = (
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
) => Child;

/** Starts it as a process of the system. */
export const startProcess: Start = ([program, ...args], env) => {
  const child = spawn(program, args, { stdio: 'inherit', env });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (cause) => {
      reject(new ConfigError('NOT_FOUND', `${program} can't be run: ${cause.message}`, { cause }));
    });
  });
  return { ended, kill: (signal) => void child.kill(signal) };
};

/** As a shell says it: 128 and the signal's number when a signal has ended it. */
export function exitCodeOf({ code, signal }: Ended): number {
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}
