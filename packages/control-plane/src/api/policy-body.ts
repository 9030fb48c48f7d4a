import {
  type Issue,
  isPolicyKind,
  kindNamed,
  type Policy,
  parsePolicies,
  pathText,
  policyId,
  suggestKind,
  validate,
} from '@meshkeeper/policy';
import { z } from 'zod';
import type { Wanted } from '../policies/policy-change.ts';
import { type PolicyRef, refId, refOf } from '../policies/policy-paths.ts';
import { ApiError } from './problem.ts';

/** Something wrong with what was sent, as the API tells it. */
export interface IssueView extends Pick<Issue, 'severity' | 'code' | 'path' | 'message'> {
  readonly policy?: string;
  /** Which of the list it is in, from 0; of a text its line is told. */
  readonly index?: number;
  readonly line?: number;
}

/** What a request wants the policies to be. */
export interface WantedBody {
  readonly wanted: Wanted;
  /** What was left out of it, and why. */
  readonly warnings: readonly IssueView[];
}

/** So many policies are taken at once. */
const MAX_POLICIES = 10_000;
const MAX_ISSUES = 200;

const refSchema = z.strictObject({
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
});
const changeSchema = z.strictObject({
  policies: z.array(z.unknown()).max(MAX_POLICIES).default([]),
  delete: z.array(refSchema).max(MAX_POLICIES).default([]),
});

/**
 * Reads a list of policies, one policy, or `{ policies, delete }` in JSON; or YAML, as text.
 * @throws ApiError `invalid-policy` with all issues, `invalid-request`
 */
export function readWanted(body: unknown): WantedBody {
  if (typeof body === 'string') return checked(...readText(body), []);
  if (Array.isArray(body)) return readWanted({ policies: body });
  if (typeof body === 'object' && body !== null && 'kind' in body)
    return readWanted({ policies: [body] });
  const parsed = changeSchema.safeParse(body ?? undefined);
  if (!parsed.success)
    throw new ApiError(
      'invalid-request',
      `send a list of policies, or { "policies": […], "delete": [{ "kind", "name" }] }: ${z.prettifyError(parsed.error)}`,
    );
  const deleted = parsed.data.delete.map(({ kind, namespace, name }): PolicyRef => {
    return { kind: kindOf(kind), ...(namespace !== undefined && { namespace }), name };
  });
  return checked(...readList(parsed.data.policies), deleted);
}

/** The kind that a text names. @throws ApiError */
export function kindOf(text: string): PolicyRef['kind'] {
  const kind = kindNamed(text);
  if (kind !== undefined) return kind;
  throw new ApiError('invalid-request', noKind(text));
}

function noKind(text: string): string {
  const meant = suggestKind(text);
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
  return `there is no kind ${JSON.stringify(text.slice(0, 80))}${hint}`;
}

function readText(text: string): [readonly Policy[], readonly IssueView[]] {
  const { policies, issues } = parsePolicies(text);
  return [
    policies.map(({ policy }) => policy),
    issues.map(({ severity, code, policy, path, message, line }) => {
      return { severity, code, ...(policy !== undefined && { policy }), path, message, line };
    }),
  ];
}

function readList(values: readonly unknown[]): [readonly Policy[], readonly IssueView[]] {
  const policies: Policy[] = [];
  const issues: IssueView[] = [];
  const error = (index: number, code: IssueView['code'], path: string, message: string) =>
    issues.push({ severity: 'error', code, index, path, message });
  for (const [index, value] of values.entries()) {
    const kind: unknown =
      typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
    if (!isPolicyKind(kind)) {
      const message =
        typeof kind === 'string' ? noKind(kind) : 'is missing: write a kind of policy';
      error(index, 'unknown-kind', 'kind', message);
      continue;
    }
    const { policy, faults } = validated(kind, value);
    const id = policy === undefined ? kind : policyId(policy);
    for (const { severity, code, path, message } of faults)
      issues.push({ severity, code, policy: id, index, path: pathText(path), message });
    if (policy !== undefined) policies.push(policy);
  }
  return [policies, issues];
}

/** What is nested deeper than the stack goes is no policy. */
function validated(kind: Policy['kind'], value: unknown): ReturnType<typeof validate> {
  try {
    return validate(kind, value);
  } catch {
    const message = 'is more than a policy can be';
    return { faults: [{ severity: 'error', code: 'too-large', path: [], message }] };
  }
}

function checked(
  policies: readonly Policy[],
  issues: readonly IssueView[],
  deleted: readonly PolicyRef[],
): WantedBody {
  const all = [...issues, ...twice([...policies.map(refOf), ...deleted])];
  const errors = all.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return { wanted: { policies, deleted }, warnings: all };
  const [{ policy, path, message }] = errors as [IssueView];
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  const first = [policy, path, message].filter(Boolean).join(': ');
  throw new ApiError('invalid-policy', `${first}${more}`, { issues: all.slice(0, MAX_ISSUES) });
}

function twice(refs: readonly PolicyRef[]): IssueView[] {
  const seen = new Set<string>();
  return refs.map(refId).flatMap((policy) => {
    if (!seen.has(policy)) {
      seen.add(policy);
      return [];
    }
    const message = 'is there twice: give it another name';
    return [{ severity: 'error', code: 'duplicate', policy, path: 'metadata.name', message }];
  });
}
