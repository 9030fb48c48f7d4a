import { isPolicyKind, KINDS, type Policy, policyId } from '../kinds/kinds.ts';
import { documentsOf, type TextDocument } from './document.ts';
import { type Issue, type IssueCode, type Place, pathText } from './issue.ts';
import { suggest } from './suggest.ts';
import { validate } from './validate.ts';

/** A text that policies are written in: YAML, of several documents too, or JSON. */
export interface PolicyText {
  /** What the text is called in what is said of it. */
  readonly file?: string;
  readonly text: string;
}

/** A policy, and where it was written. */
export interface WrittenPolicy {
  readonly policy: Policy;
  /** Where one of its fields stands, or what it would be in. `[]`: the policy. */
  place(path: readonly PropertyKey[]): Place;
}

/** What texts hold. */
export interface ParsedPolicies {
  /** Those without errors, in their order. */
  readonly policies: readonly WrittenPolicy[];
  /** In the order in which they stand. */
  readonly issues: readonly Issue[];
}

/** Of one text no more issues are told. */
const MAX_ISSUES = 200;
const KIND_NAMES = Object.keys(KINDS);

/**
 * Reads policies. It never throws: what is wrong is in `issues`, each with where it stands and what to
 * write instead. Two policies of one kind and name are an error, whichever text they are in.
 */
export function parsePolicies(texts: string | readonly PolicyText[]): ParsedPolicies {
  const all: readonly PolicyText[] = typeof texts === 'string' ? [{ text: texts }] : texts;
  const policies: WrittenPolicy[] = [];
  const issues: Issue[] = [];
  const known = new Map<string, Place>();
  for (const { file, text } of all) {
    const { lines, documents } = documentsOf(text);
    const placed = (offset: number): Place => {
      const { line, col } = lines.linePos(offset);
      return {
        ...(file !== undefined && { file }),
        line: Math.max(1, line),
        column: Math.max(1, col),
      };
    };
    const own: Issue[] = [];
    for (const document of documents) {
      const found = readDocument(document, placed);
      own.push(...found.issues);
      if (found.policy === undefined) continue;
      const { policy } = found;
      const place = (path: readonly PropertyKey[]) => placed(document.offset(path));
      const id = policyId(policy);
      const before = known.get(id);
      if (before === undefined) {
        known.set(id, place([]));
        policies.push({ policy, place });
        continue;
      }
      const there =
        before.file === undefined ? `line ${before.line}` : `${before.file}:${before.line}`;
      const message = `${id} is in ${there} already: give it another name`;
      const path = ['metadata', 'name'];
      own.push(issueOf('duplicate', place(path), pathText(path), message, id));
    }
    own.sort((a, b) => a.line - b.line || a.column - b.column);
    issues.push(...own.slice(0, MAX_ISSUES));
    const rest = own.slice(MAX_ISSUES);
    // The first of them stands for all, so that an error among them is not lost.
    const [first = undefined] = rest.filter(({ severity }) => severity === 'error').concat(rest);
    if (first !== undefined && rest.length > 1)
      issues.push({ ...first, message: `${first.message} (and ${rest.length - 1} more)` });
    else if (first !== undefined) issues.push(first);
  }
  return { policies, issues };
}

function readDocument(
  document: TextDocument,
  placed: (offset: number) => Place,
): { readonly policy?: Policy; readonly issues: readonly Issue[] } {
  const { value, faults } = document;
  const issues: Issue[] = faults.map(({ code, offset, message }) =>
    issueOf(code, placed(offset), '', message),
  );
  if (value === undefined) return { issues };
  const at = (path: readonly PropertyKey[]) => placed(document.offset(path));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = 'a policy is written as "name: value", and this holds none';
    return { issues: [...issues, issueOf('unknown-kind', at([]), '', message)] };
  }
  const kind: unknown = 'kind' in value ? value.kind : undefined;
  if (!isPolicyKind(kind)) {
    const issue = issueOf('unknown-kind', at(['kind']), 'kind', noSuchKind(kind));
    return { issues: [...issues, issue] };
  }
  const validated = validate(kind, value);
  const name = nameOf(value);
  const id = name === undefined ? kind : `${kind}/${name}`;
  for (const { severity, code, path, message } of validated.faults)
    issues.push({ ...issueOf(code, at(path), pathText(path), message, id), severity });
  const { policy } = validated;
  return { issues, ...(policy !== undefined && faults.length === 0 && { policy }) };
}

function issueOf(
  code: IssueCode,
  place: Place,
  path: string,
  message: string,
  policy?: string,
): Issue {
  return {
    ...place,
    severity: 'error',
    code,
    path,
    message,
    ...(policy !== undefined && { policy }),
  };
}

function noSuchKind(kind: unknown): string {
  const write = `write ${KIND_NAMES.slice(0, -1).join(', ')} or ${KIND_NAMES.at(-1)}`;
  if (kind === undefined || kind === null) return `is missing: ${write}`;
  if (typeof kind !== 'string') return `has to be text: ${write}`;
  const meant = suggest(kind, KIND_NAMES);
  const shown = JSON.stringify(kind.length > 80 ? `${kind.slice(0, 77)}…` : kind);
  return meant === undefined
    ? `there is no kind ${shown} here: ${write}`
    : `there is no kind ${shown}: did you mean "${meant}"?`;
}

function nameOf(value: object): string | undefined {
  const metadata: unknown = 'metadata' in value ? value.metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('name' in metadata)) return undefined;
  return typeof metadata.name === 'string' ? metadata.name : undefined;
}
