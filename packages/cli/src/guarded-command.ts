import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { CliError, type ExitCode } from './exit-code.ts';

/** Where a command finds the fencing token of the lease that it runs under. */
export const TOKEN_VARIABLE = 'MESHKEEPER_FENCING_TOKEN';

/** The lease that a command runs under. */
export interface GuardedBy {
  /** For messages. */
  readonly path: string;
  /** Aborted, with the reason, when it can't be trusted any more. */
  readonly signal: AbortSignal;
}

/** Passed on to the command, which decides what they mean. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const;

/**
 * Runs a command for as long as a lease lasts. Signals and the exit code pass through. When the lease
 * is lost, the command is told to end by SIGTERM, and after `grace` milliseconds by SIGKILL.
 * @returns the command's exit code; 128 and the signal's number if a signal ended it, as a shell says
 * @throws CliError when the command can't be run, or the lease was lost
 */
export async function runUnder(
  lease: GuardedBy,
  token: string,
  [program, ...args]: readonly [string, ...string[]],
  grace: number,
): Promise<number> {
  // Before there is a command: a signal that comes in between would end this process alone, and leave
  // the command running without a lease.
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of PASSED_ON) process.on(signal, pass);
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, [TOKEN_VARIABLE]: token },
  });
  let killing: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), grace);
  };
  lease.signal.addEventListener('abort', end, { once: true });
  if (lease.signal.aborted) end();
  try {
    const [code, signal] = await once(child, 'exit');
    if (lease.signal.aborted) throw lostLease(lease);
    return signal === null ? code : 128 + constants.signals[signal as NodeJS.Signals];
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError(`${program} can't be run: ${(cause as Error).message}`, 127 as ExitCode, {
      cause,
    });
  } finally {
    clearTimeout(killing);
    lease.signal.removeEventListener('abort', end);
    for (const signal of PASSED_ON) process.off(signal, pass);
  }
}

function lostLease({ path, signal }: GuardedBy): CliError {
  const why = signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
  return new CliError(`the lease ${path} was lost, and the command was ended: ${why}`);
}
