import type { StringMatcher } from '@meshkeeper/xds';
import { asBytes } from './bytes.ts';
import type { Problems } from './problems.ts';
import { parseRegex } from './regex.ts';

/** A condition on a text. */
export type TextTest = (text: string) => boolean;

/** `type.matcher.v3.StringMatcher` as a test. */
export function parseStringMatch(matcher: StringMatcher, problems: Problems): TextTest {
  const { exact, prefix, suffix, contains, safeRegex } = matcher;
  // Case is a matter of all kinds but regular expressions.
  if (safeRegex) return parseRegex(safeRegex.regex ?? '', problems.at('safe_regex'));
  if (matcher.ignoreCase) {
    const test = parseStringMatch(
      {
        exact: lower(exact),
        prefix: lower(prefix),
        suffix: lower(suffix),
        contains: lower(contains),
      },
      problems,
    );
    return (text) => test(text.toLowerCase());
  }
  if (typeof exact === 'string') {
    const whole = asBytes(exact);
    return (text) => text === whole;
  }
  if (typeof prefix === 'string') {
    const begin = asBytes(prefix);
    return (text) => text.startsWith(begin);
  }
  if (typeof suffix === 'string') {
    const end = asBytes(suffix);
    return (text) => text.endsWith(end);
  }
  if (typeof contains === 'string') {
    const part = asBytes(contains);
    return (text) => text.includes(part);
  }
  problems.add('match_pattern', 'one of exact, prefix, … is required');
  return () => false;
}

function lower(text: string | null | undefined): string | undefined {
  return text?.toLowerCase();
}
