import { CliError, ExitCode } from './exit-code.ts';
import { clean } from './output/table.ts';

/** The flag of commands that destroy. */
export const YES = ['-y, --yes', 'do it without asking'] as const;

/** What is shown of what would go, at most. */
const LINES = 20;

/** Refuses at once where nobody can be asked; `how` says what to write instead. */
export function mustBeAsked(yes: boolean | undefined, how = '--yes'): void {
  if (yes || (process.stdin.isTTY && process.stderr.isTTY)) return;
  throw new CliError(`nobody can be asked here: say ${how}`, ExitCode.USAGE);
}

/**
 * Asks on the terminal whether to go on, after what would go.
 * @throws CliError when the answer is no
 */
export async function confirm(question: string, goes: readonly string[]): Promise<void> {
  for (const line of goes.slice(0, LINES)) process.stderr.write(`  ${clean(line)}\n`);
  if (goes.length > LINES) process.stderr.write(`  and ${goes.length - LINES} more\n`);
  const prompts = await import('@clack/prompts');
  const answer = await prompts.confirm({
    message: question,
    initialValue: false,
    output: process.stderr,
  });
  // Ctrl-C is no answer, and as good as a no.
  if (answer !== true) throw new CliError('nothing was changed');
}
