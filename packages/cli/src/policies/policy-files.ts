import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import {
  formatIssue,
  type Issue,
  type PolicyText,
  parsePolicies,
  policyId,
  type WrittenPolicy,
} from '@meshkeeper/policy';
import { CliError, ExitCode } from '../exit-code.ts';
import { clean } from '../output/table.ts';

/** What files hold: at least one policy. */
export interface PolicyFiles {
  /** By their ids, in the order in which they are written. */
  readonly policies: ReadonlyMap<string, WrittenPolicy>;
  /** What was left out of them, and why. */
  readonly warnings: readonly Issue[];
}

const ENDING = /\.(ya?ml|json)$/;

/**
 * Reads policies from files, folders, or standard input (`-`). What is wrong is told on standard
 * error, all of it, each with its file and line.
 * @throws CliError
 */
export async function readPolicies(
  paths: readonly string[],
  { recursive = false }: { readonly recursive?: boolean | undefined } = {},
): Promise<PolicyFiles> {
  if (paths.filter((path) => path === '-').length > 1)
    throw new CliError('standard input can be read once: write -f - once', ExitCode.USAGE);
  const found = await Promise.all(paths.map((path) => filesOf(path, recursive)));
  // One that is named by itself and by its folder is meant once.
  const files = [...new Set(found.flat())];
  const texts: PolicyText[] = await Promise.all(
    files.map(async (file) => ({
      file: file === '-' ? 'stdin' : file,
      text: file === '-' ? await textOf(process.stdin) : await readText(file),
    })),
  );
  const { policies, issues } = parsePolicies(texts);
  const errors = issues.filter(({ severity }) => severity === 'error');
  for (const issue of issues) process.stderr.write(`${clean(formatIssue(issue))}\n`);
  if (errors.length > 0)
    throw new CliError(
      `${errors.length === 1 ? 'one error' : `${errors.length} errors`}: nothing was sent`,
    );
  if (policies.length === 0)
    throw new CliError(
      `${texts.map(({ file }) => file).join(', ')}: there is no policy in it`,
      ExitCode.USAGE,
    );
  return {
    policies: new Map(policies.map((written) => [policyId(written.policy), written])),
    warnings: issues,
  };
}

/** The files of a path: itself, or those of the folder that have the endings. */
async function filesOf(path: string, recursive: boolean): Promise<string[]> {
  if (path === '-') return ['-'];
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error) => {
      throw unreadable(path, error);
    },
  );
  if (!isFolder) return [path];
  const entries = await readdir(path, { recursive, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory() && ENDING.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (files.length > 0) return files;
  const below = !recursive && entries.some((entry) => entry.isDirectory());
  throw new CliError(
    `${path}: there is no .yaml, .yml or .json file in it${below ? '; its folders are read with --recursive' : ''}`,
    ExitCode.USAGE,
  );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, cause: unknown): CliError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EACCES'
        ? 'may not be read'
        : String(cause);
  return new CliError(`${path}: ${why}`, ExitCode.USAGE, { cause });
}
