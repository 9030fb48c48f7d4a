import type { Command } from 'commander';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import {
  type ChangeFlags,
  withChangeFlags,
  withIfRevision,
  withYes,
} from '../policies/change-flags.ts';

interface DeleteFlags extends ChangeFlags {
  readonly file?: readonly string[];
  readonly recursive?: boolean;
  readonly namespace?: string;
  readonly ignoreNotFound?: boolean;
}

/** Policies that are named in a sentence, at most. */
const NAMED = 5;

export function addDeleteCommand(program: Command): void {
  const command = program
    .command('delete')
    .argument('[policy...]', 'KIND/NAME, KIND/NAMESPACE/NAME, or a KIND and names')
    .description('delete policies, in one transaction, after asking')
    .option('-f, --file <path...>', 'those that these files and folders hold; - is standard input')
    .option('-R, --recursive', 'read the folders of folders, too')
    .option('-n, --namespace <namespace>', 'the namespace of names that have none')
    .option('--ignore-not-found', 'it is no failure when one is not there');
  withYes(withIfRevision(withChangeFlags(command)))
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper delete httproute/orders servicepolicy/orders\n' +
        '  meshkeeper delete httproutes orders checkout\n  meshkeeper delete -f orders.yaml --dry-run\n  meshkeeper delete -f orders.yaml --yes    # in a script',
    )
    .action(async (args: readonly string[], _: unknown, own: Command) => {
      await remove(args, optionsOf<DeleteFlags>(own));
    });
}

async function remove(
  args: readonly string[],
  options: DeleteFlags & GlobalOptions,
): Promise<void> {
  const { file, namespace } = options;
  if ((file === undefined) === (args.length === 0))
    throw new CliError(
      file === undefined
        ? 'which? Write KIND/NAME, or -f and a file'
        : 'choose one of names and -f',
      ExitCode.USAGE,
    );
  const { refsOf } = await import('../policies/policy-names.ts');
  const { readPolicies } = await import('../policies/policy-files.ts');
  const { change } = await import('../policies/change.ts');
  const { idOf } = await import('../policies/answers.ts');
  const refs = file === undefined ? refsOf(args, namespace) : await refsIn(file);
  if (refs.length === 0)
    throw new CliError(`which ${args[0]}? Write its name behind it`, ExitCode.USAGE);
  const unique = new Map(refs.map((ref) => [idOf(ref), ref]));
  const body = { delete: [...unique.values()] };
  const { policies } = await change(
    { path: 'apply', body, diffs: false, question: 'Delete them?' },
    options,
  );
  const absent = policies.filter(({ outcome }) => outcome === 'absent').map(idOf);
  if (absent.length > 0 && !options.ignoreNotFound)
    throw new CliError(`there is no ${listed(absent)}`, ExitCode.NOT_FOUND);

  async function refsIn(paths: readonly string[]) {
    const files = await readPolicies(paths, options);
    return [...files.policies.values()].map(({ policy: { kind, metadata } }) => ({
      kind,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      name: metadata.name,
    }));
  }
}

function listed(ids: readonly string[]): string {
  const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
  return `${ids.slice(0, NAMED).join(', ')}${more}`;
}
