import { CommanderError } from 'commander';

/** What the command's exit says. */
export const ExitCode = {
  DONE: 0,
  FAILED: 1,
  /** The command line is wrong. */
  USAGE: 2,
  /** Not converged, or not found where a script would ask. */
  NOT_FOUND: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What an error makes the exit code: those of the libraries say by their code what kind they are. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  // commander has said what is wrong; help and --version come this way too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'NO_NODE') return ExitCode.NOT_FOUND;
  if (code === 'INVALID_ARGUMENT' || code === 'INVALID_CONFIG' || code === 'bad-option')
    return ExitCode.USAGE;
  return ExitCode.FAILED;
}

/** Ends the command with a message for people: what is wrong, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.FAILED, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
