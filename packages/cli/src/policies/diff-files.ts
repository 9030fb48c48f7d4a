import { ApiClient } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import type { GlobalOptions } from '../global-options.ts';
import { print } from '../output/format.ts';
import { idOf } from './answers.ts';
import { ask, diffOf, tellFindings } from './change.ts';
import { readPolicies } from './policy-files.ts';
import { colored } from './unified-diff.ts';

/** What the flags of `diff -f` say. */
export interface DiffFilesFlags {
  readonly file: readonly string[];
  readonly recursive?: boolean;
}

/**
 * Shows how policies differ from what files say. Gives true when they do, as `diff` and `kubectl diff`
 * tell by 1; what goes wrong is told by 2.
 */
export async function diffFiles(options: DiffFilesFlags & GlobalOptions): Promise<boolean> {
  try {
    const files = await readPolicies(options.file, options);
    const body = [...files.policies.values()].map(({ policy }) => policy);
    const api = new ApiClient(options);
    const tried = await ask(api, { path: 'apply', body }, { dryRun: true });
    tellFindings(tried.findings, files);
    const { output = 'table' } = options;
    if (output !== 'table') await print(tried, output, () => '');
    else
      for (const change of tried.policies) {
        const file = files.policies.get(idOf(change))?.place([]).file ?? 'file';
        const diff = diffOf(change, ['applied', file]);
        if (diff !== '') process.stdout.write(`${colored(diff)}\n`);
      }
    return tried.policies.some(({ outcome }) => outcome !== 'unchanged');
  } catch (error) {
    if (error instanceof CliError)
      throw new CliError(error.message, ExitCode.USAGE, { cause: error });
    throw error;
  }
}
