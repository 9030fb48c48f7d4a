import { type Policy, printPolicy } from '@meshkeeper/policy';
import { ApiClient } from '../api-client.ts';
import { confirm, mustBeAsked } from '../confirm.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatOf, print } from '../output/format.ts';
import { clean, formatTable } from '../output/table.ts';
import { whoRuns } from '../who-runs.ts';
import {
  type AppliedView,
  type ChangeView,
  type FindingView,
  idOf,
  type OutcomeView,
} from './answers.ts';
import type { ChangeFlags } from './change-flags.ts';
import type { PolicyFiles } from './policy-files.ts';
import { colored, unifiedDiff } from './unified-diff.ts';
import { behindTable, outcomeText, waitFor } from './wait.ts';

/** A change that is asked of the control plane. */
export interface ChangeRequest {
  /** Below `/policies`. */
  readonly path: 'apply' | 'rollback';
  readonly body: unknown;
  /** Where what is applied is written, so that what is found has a line. */
  readonly files?: PolicyFiles | undefined;
  /** Shows how policies differ from what they were, when it is only tried. */
  readonly diffs: boolean;
  /** Asks first, after what would go, unless `--yes`; this is the question. */
  readonly question?: string;
}

/** How long an apply may take: several megabytes are several transactions, in milliseconds. */
const TIMEOUT = 30_000;
const WAIT = 30_000;
/** Lines of what was found, at most. */
const FOUND = 20;

/** Asks for a change, and tells what has become of it. @throws CliError also when it does not converge */
export async function change(
  request: ChangeRequest,
  options: ChangeFlags & GlobalOptions,
): Promise<AppliedView> {
  const { dryRun, wait } = options;
  if (dryRun && wait !== undefined)
    throw new CliError('choose one of --dry-run and --wait', ExitCode.USAGE);
  const api = new ApiClient(options);
  if (request.question !== undefined && !dryRun && !options.yes)
    await askFirst(api, request, request.question, options);
  const applied = await ask(api, request, options);
  tellFindings(applied.findings, request.files);
  const table = formatOf(options.output) === 'table';
  if (table) {
    if (applied.policies.length > 0)
      process.stdout.write(`${appliedText(applied, request.diffs)}\n`);
    process.stderr.write(`${summary(applied)}\n`);
  }
  if (wait === undefined) {
    if (!table) await print(applied, options.output, () => '');
    return applied;
  }
  const timeout = wait === true ? WAIT : wait;
  const convergence = await waitFor(api, applied.revision, timeout);
  if (table) {
    const behind = behindTable(convergence);
    if (behind !== undefined) process.stdout.write(`${formatTable(behind)}\n`);
  } else await print({ ...applied, convergence }, options.output, () => '');
  tellOutcome(convergence, timeout);
  return applied;
}

/** Shows what would change, and asks. @throws CliError when nobody can be asked, or says no */
async function askFirst(
  api: ApiClient,
  request: ChangeRequest,
  question: string,
  options: ChangeFlags,
): Promise<void> {
  mustBeAsked(options.yes);
  const { policies } = await ask(api, request, { ...options, dryRun: true });
  const changed = policies.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'absent');
  if (changed.length === 0) return;
  await confirm(
    question,
    changed.map((each) => `${idOf(each)} would be ${each.outcome}`),
  );
}

/** Asks for a change without a word about it. */
export function ask(
  api: ApiClient,
  { path, body }: Pick<ChangeRequest, 'path' | 'body'>,
  { dryRun, reason, ifRevision }: ChangeFlags,
): Promise<AppliedView> {
  const label = whoRuns();
  const query = new URLSearchParams({
    ...(dryRun && { dryRun: 'true' }),
    ...(label !== undefined && { label }),
    ...(reason !== undefined && { reason }),
    ...(ifRevision !== undefined && { ifRevision: String(ifRevision) }),
  });
  return api.post(`/policies/${path}?${query}`, body, TIMEOUT);
}

/** Tells what the checks found, with file and line where that is known. */
export function tellFindings(findings: readonly FindingView[], files?: PolicyFiles): void {
  for (const { policy, severity, path, pointer, message } of findings.slice(0, FOUND)) {
    const field = path === '' ? '' : `${path}: `;
    const line = `${placeOf(policy, pointer, files)}: ${severity}: ${field}${message}`;
    process.stderr.write(`${clean(line)}\n`);
  }
  if (findings.length > FOUND)
    process.stderr.write(`and ${findings.length - FOUND} more, see -o json\n`);
}

function placeOf(policy: string, pointer: string, files: PolicyFiles | undefined): string {
  const place = files?.policies.get(policy)?.place(keysOf(pointer));
  return place === undefined ? policy : `${place.file}:${place.line}`;
}

/** How a policy differs from what it was, as YAML; empty when it doesn't. */
export function diffOf(
  change: Pick<ChangeView, 'kind' | 'namespace' | 'name' | 'before' | 'after'>,
  names: readonly [before: string, after: string],
): string {
  const id = idOf(change);
  const yaml = (policy: Policy | undefined) => (policy === undefined ? '' : printPolicy(policy));
  const [before, after] = names;
  return unifiedDiff(
    [`${id} (${before})`, yaml(change.before)],
    [`${id} (${after})`, yaml(change.after)],
  )
    .split('\n')
    .map(clean)
    .join('\n');
}

function appliedText({ policies, dryRun }: AppliedView, diffs: boolean): string {
  const rows = policies.map((each) => [idOf(each), each.outcome]);
  const parts = [formatTable({ head: ['POLICY', dryRun ? 'WOULD BE' : 'WHAT'], rows })];
  if (dryRun && diffs)
    for (const each of policies) {
      const diff = diffOf(each, ['now', 'then']);
      if (diff !== '') parts.push('', colored(diff));
    }
  return parts.join('\n');
}

function summary({ revision, dryRun, policies }: AppliedView): string {
  const changed = policies.some(({ outcome }) => outcome !== 'unchanged' && outcome !== 'absent');
  if (dryRun) return 'a dry run: nothing was changed';
  return changed
    ? `the policies are at revision ${revision}`
    : `nothing has changed: the policies stay at revision ${revision}`;
}

function tellOutcome(outcome: OutcomeView, timeout: number): void {
  const text = clean(outcomeText(outcome, timeout / 1_000));
  if (!outcome.converged) throw new CliError(text, ExitCode.NOT_FOUND);
  process.stderr.write(`${text}\n`);
}

/** The path that a pointer is (RFC 6901): what looks like a number is a place in a list. */
function keysOf(pointer: string): PropertyKey[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}
