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

/** Ends the command with a message for people: what is wrong, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.FAILED, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
