/** What is wrong with a text: which of these is a closed list. */
export type IssueCode =
  /** It is no YAML. */
  | 'syntax'
  /** It is more than a policy can be. */
  | 'too-large'
  /** It is of no kind that there is. */
  | 'unknown-kind'
  | 'unknown-field'
  | 'invalid'
  /** It is known, and not used here. */
  | 'unsupported'
  /** It is there twice. */
  | 'duplicate';

/** Where something stands. Lines and columns begin with 1. */
export interface Place {
  /** The file, or whatever the text is called. */
  readonly file?: string;
  readonly line: number;
  readonly column: number;
}

/** Something wrong with what was written. */
export interface Issue extends Place {
  /** With an error the policy is not used; with a warning it is, without what the warning names. */
  readonly severity: 'error' | 'warning';
  readonly code: IssueCode;
  /** The policy, as far as it says who it is: `HTTPRoute/shop`. */
  readonly policy?: string;
  /** The field: `spec.rules[0].matches`; empty: the whole. */
  readonly path: string;
  /** What is wrong and what to write instead; reads on after the path. */
  readonly message: string;
}

/** An issue in a line: `shop.yaml:7: spec.rule: there is no such field: did you mean "rules"?`. */
export function formatIssue({ file, line, severity, path, message }: Issue): string {
  const place = file === undefined ? `line ${line}` : `${file}:${line}`;
  const mild = severity === 'warning' ? 'warning: ' : '';
  return `${place}: ${mild}${path === '' ? '' : `${path}: `}${message}`;
}

/** A path for people: `spec.rules[0].matches`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      const text = /^[\w$-]+$/.test(String(key)) ? String(key) : JSON.stringify(String(key));
      return i === 0 ? text : `.${text}`;
    })
    .join('');
}
