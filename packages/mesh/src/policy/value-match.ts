import { isInBlock } from './ip-block.ts';

/** What a text may be compared with; Envoy's `type.matcher.v3.StringMatcher` and `HeaderMatcher`. */
export type ValueMatch =
  | { readonly type: 'exact'; readonly value: string }
  | { readonly type: 'prefix'; readonly value: string }
  | { readonly type: 'suffix'; readonly value: string }
  /** All of the text; see {@link isSimpleRegex}. */
  | { readonly type: 'regex'; readonly value: string }
  /** A whole number, both ends included. */
  | { readonly type: 'range'; readonly from?: number; readonly to?: number }
  /** An IP address in a block, `10.0.0.0/8`; of an authority its host. */
  | { readonly type: 'cidr'; readonly value: string }
  /** There, and not empty. */
  | { readonly type: 'present' }
  /** Not there, or empty. */
  | { readonly type: 'absent' }
  /** What the caller has under this label. */
  | { readonly type: 'as-caller'; readonly label: string };

/**
 * What is asked of one text: none of `none` fits, and one of `any` does where there are some. A text
 * that isn't there fits `absent` and nothing else, not even an empty `any`.
 */
export interface Condition {
  readonly any: readonly ValueMatch[];
  readonly none: readonly ValueMatch[];
}

/** Longer texts fit no regular expression. */
const MAX_TEXT = 256;
const MAX_REGEX = 256;
/** With more of them a text of {@link MAX_TEXT} could take too long. */
const MAX_REPEATS = 3;
const MAX_GROUPS = 3;

/**
 * Whether a condition holds of a text.
 * @param caller what the caller says of itself, by label
 */
export function holds(
  { any, none }: Condition,
  text: string | undefined,
  caller: Readonly<Record<string, string>> = {},
): boolean {
  if (text === undefined) return any.some(({ type }) => type === 'absent');
  if (none.some((match) => fits(match, text, caller))) return false;
  return any.length === 0 || any.some((match) => fits(match, text, caller));
}

/**
 * Whether a regular expression is one that can be run on anything: it is valid, short, repeats little
 * and no group, and looks neither ahead nor back. What fits it is found in no time.
 */
export function isSimpleRegex(source: string): boolean {
  if (source.length > MAX_REGEX) return false;
  const bare = source.replace(/\\[^1-9k]/g, '_').replace(/\[[^\]]*\]/g, '_');
  if (/\\|\)[*+?{]|\(\?[^:]/.test(bare)) return false;
  const repeats = bare.replaceAll('(?:', '(').match(/[*+?{]/g)?.length ?? 0;
  if (repeats > MAX_REPEATS || bare.split('(').length > MAX_GROUPS + 1) return false;
  return compiled(source) !== undefined;
}

function fits(match: ValueMatch, text: string, caller: Readonly<Record<string, string>>): boolean {
  switch (match.type) {
    case 'exact':
      return text === match.value;
    case 'prefix':
      return text.startsWith(match.value);
    case 'suffix':
      return text.endsWith(match.value);
    case 'regex':
      return text.length <= MAX_TEXT && (compiled(match.value)?.test(text) ?? false);
    case 'range': {
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = match;
      if (!/^[+-]?\d{1,15}$/.test(text)) return false;
      return Number(text) >= from && Number(text) <= to;
    }
    case 'cidr':
      return isInBlock(match.value, text);
    case 'present':
      return text !== '';
    case 'absent':
      return text === '';
    case 'as-caller':
      return Object.hasOwn(caller, match.label) && text === caller[match.label];
  }
}

function compiled(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`, 'us');
  } catch {
    return undefined;
  }
}
