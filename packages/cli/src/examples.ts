import type { Command } from 'commander';

/**
 * Shows below a command's help how it is used, a line each as one would type it, and what is to be
 * said beside that. A test reads every line as a shell would, and lets the command parse it.
 */
export function withExamples(
  command: Command,
  lines: readonly string[],
  notes: readonly string[] = [],
): Command {
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  const text = ['', title, ...lines.map((line) => `  ${line}`)];
  return command.addHelpText(
    'after',
    [...text, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n'),
  );
}
