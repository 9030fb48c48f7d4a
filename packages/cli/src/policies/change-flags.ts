import type { Command } from 'commander';
import { YES } from '../confirm.ts';
import { duration } from '../duration.ts';
import { wholeNumber } from '../whole-number.ts';

/** The flags of commands that change policies. */
export interface ChangeFlags {
  readonly dryRun?: boolean;
  /** True without a duration; in milliseconds. */
  readonly wait?: true | number;
  readonly reason?: string;
  readonly ifRevision?: number;
  /** Of commands that destroy: without asking. */
  readonly yes?: boolean;
}

/** Declares those flags. */
export function withChangeFlags(command: Command): Command {
  return command
    .option('--dry-run', 'only show what would change, with all checks of the control plane')
    .option(
      '--wait [duration]',
      'wait until every data plane has applied it, 30s at most or as long as said',
      duration,
    )
    .option('--reason <text>', 'why, for those who come after');
}

/** Declares the flag of commands that destroy. */
export function withYes(command: Command): Command {
  return command.option(...YES);
}

/** Declares the flag for those who decide by what they have seen before. */
export function withIfRevision(command: Command): Command {
  return command.option(
    '--if-revision <revision>',
    'refuse to change what somebody else has changed after this revision of the policies',
    wholeNumber,
  );
}
