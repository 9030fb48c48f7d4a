import { CommanderError } from 'commander';
import { CliError, ExitCode } from './exit-code.ts';
import { createProgram } from './program.ts';

/** Runs the command and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`meshkeeper services | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(ExitCode.DONE);
  });
  // What gRPC logs by itself is said again by whoever called it, in a sentence.
  process.env.GRPC_VERBOSITY ??= 'NONE';
  if (argv.includes('--no-color')) process.env.NO_COLOR = '1';
  const program = createProgram();
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, argv.includes('-v') || argv.includes('--verbose'));
  }
}

function report(error: unknown, verbose: boolean): number {
  // commander has said what is wrong; help and --version come this way too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`meshkeeper: ${message}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof CliError ? error.exitCode : exitCodeOf(error);
}

/** Errors of the libraries say by their code what kind they are. */
function exitCodeOf(error: unknown): ExitCode {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'NO_NODE') return ExitCode.NOT_FOUND;
  if (code === 'INVALID_ARGUMENT' || code === 'INVALID_CONFIG' || code === 'bad-option')
    return ExitCode.USAGE;
  return ExitCode.FAILED;
}
