import type { Command } from 'commander';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import {
  type ChangeFlags,
  withChangeFlags,
  withIfRevision,
  withYes,
} from '../policies/change-flags.ts';
import { wholeNumber } from '../whole-number.ts';

/** The flags of commands that read policies from files. */
interface FileFlags {
  readonly file: readonly string[];
  readonly recursive?: boolean;
}

const EXAMPLES = `
Examples:
  meshkeeper apply -f orders.yaml
  meshkeeper apply -f policies/ --dry-run       # every file of a folder; what would change
  meshkeeper apply -f orders.yaml --wait 1m     # until every data plane has it; exit 3 if not
  cat orders.yaml | meshkeeper apply -f - --reason "canary to 10 %"`;

export function addApplyCommands(program: Command): void {
  const apply = program
    .command('apply')
    .description(
      'make policies what files say: create those that are new, change those that differ',
    )
    .option('-f, --file <path...>', 'files and folders with YAML or JSON; - is standard input')
    .option('-R, --recursive', 'read the folders of folders, too');
  withIfRevision(withChangeFlags(apply))
    .allowExcessArguments()
    .addHelpText('after', EXAMPLES)
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<Partial<FileFlags> & ChangeFlags>(command);
      const [extra] = command.args;
      if (extra !== undefined)
        throw new CliError(`write -f before files: meshkeeper apply -f ${extra}`, ExitCode.USAGE);
      const { file } = options;
      if (file === undefined)
        throw new CliError(
          'which files? Write -f and a file, or -f - for standard input',
          ExitCode.USAGE,
        );
      await applyFiles({ ...options, file });
    });
  const rollback = program
    .command('rollback')
    .argument('<revision>', 'as "meshkeeper history --policies" shows it', wholeNumber)
    .description(
      'make all policies what they were at a revision, after asking; that is a revision, too',
    );
  withYes(withChangeFlags(rollback))
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper history --policies         # which revisions there are\n' +
        '  meshkeeper rollback 41 --dry-run      # what that would change\n  meshkeeper rollback 41 --wait --yes   # without asking',
    )
    .action(async (revision: number, _: unknown, command: Command) => {
      const { change } = await import('../policies/change.ts');
      const request = {
        path: 'rollback',
        body: { revision },
        diffs: true,
        question: `Make all policies what they were at revision ${revision}?`,
      } as const;
      await change(request, optionsOf<ChangeFlags>(command));
    });
}

async function applyFiles(options: FileFlags & ChangeFlags & GlobalOptions): Promise<void> {
  const { readPolicies } = await import('../policies/policy-files.ts');
  const { change } = await import('../policies/change.ts');
  const files = await readPolicies(options.file, options);
  const body = [...files.policies.values()].map(({ policy }) => policy);
  await change({ path: 'apply', body, files, diffs: true }, options);
}
