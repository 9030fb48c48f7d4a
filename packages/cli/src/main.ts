import { CommanderError } from 'commander';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import { createProgram } from './program.ts';

/** Runs the command and sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`meshkeeper services | head`) is no error.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(process.exitCode ?? ExitCode.DONE);
    });
  // What gRPC logs by itself is said again by whoever called it, in a sentence.
  process.env.GRPC_VERBOSITY ??= 'NONE';
  if (argv.includes('--no-color')) {
    process.env.NO_COLOR = '1';
    delete process.env.FORCE_COLOR; // what is said here and now counts
  }
  const program = createProgram();
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, argv.includes('-v') || argv.includes('--verbose'));
  }
}

function report(error: unknown, verbose: boolean): number {
  if (!(error instanceof CommanderError)) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`meshkeeper: ${message}\n`);
    if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
  return exitCodeOf(error);
}
