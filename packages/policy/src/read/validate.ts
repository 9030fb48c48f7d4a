import { KINDS, type Policy, type PolicyKind } from '../kinds/kinds.ts';
import { unsupportedSeverity } from '../kinds/unsupported.ts';
import type { IssueCode } from './issue.ts';
import { messageOf } from './messages.ts';

/** Something wrong with a value. */
export interface Fault {
  readonly severity: 'error' | 'warning';
  readonly code: IssueCode;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A value that was checked: the policy that it is, unless there are errors. */
export interface Validated {
  readonly policy?: Policy;
  readonly faults: readonly Fault[];
}

/** Checks a value against the schema of its kind. */
export function validate(kind: PolicyKind, value: unknown): Validated {
  const first = attempt(kind, value);
  const left = first.found.filter(({ left }) => left).map(({ path }) => path);
  const { policy, found } = left.length === 0 ? first : attempt(kind, without(value, left));
  const warnings = first.found.filter(({ fault }) => fault?.severity === 'warning');
  const faults = [...warnings, ...found.filter(({ fault }) => fault?.severity === 'error')];
  return {
    ...(policy && { policy }),
    faults: faults.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
  };
}

/** An issue of the schema: a fault, or a field that is to be left out, or both. */
interface Found {
  readonly path: readonly PropertyKey[];
  readonly left: boolean;
  readonly fault?: Fault;
}

function attempt(
  kind: PolicyKind,
  value: unknown,
): { readonly policy?: Policy; readonly found: readonly Found[] } {
  const parsed = KINDS[kind].safeParse(value, { error: messageOf });
  if (parsed.success) return { policy: parsed.data, found: [] };
  const found = parsed.error.issues.flatMap((issue): Found[] => {
    const { path, message } = issue;
    if (issue.code === 'unrecognized_keys') {
      const messages = message.split('\n');
      return issue.keys.map((key, i) =>
        error('unknown-field', [...path, key], messages[i] ?? message),
      );
    }
    const severity = unsupportedSeverity(issue);
    if (severity === undefined) return [error('invalid', path, message)];
    if (severity === 'error') return [error('unsupported', path, message)];
    if (severity === 'ignored') return [{ path, left: true }];
    return [{ path, left: true, fault: { severity, code: 'unsupported', path, message } }];
  });
  return { found };
}

function error(code: IssueCode, path: readonly PropertyKey[], message: string): Found {
  return { path, left: false, fault: { severity: 'error', code, path, message } };
}

/** A copy of a value of JSON without some of its fields. */
function without(value: unknown, paths: readonly (readonly PropertyKey[])[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const path of paths) {
    let at: unknown = copy;
    for (const key of path.slice(0, -1)) at = isObject(at) ? at[key] : undefined;
    const last = path.at(-1);
    if (isObject(at) && last !== undefined) delete at[last];
  }
  return copy;
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
