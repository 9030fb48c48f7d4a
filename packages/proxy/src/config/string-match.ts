import type { StringMatcher } from '@meshkeeper/xds';
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
  if (typeof exact === 'string') return (text) => text === exact;
  if (typeof prefix === 'string') return (text) => text.startsWith(prefix);
  if (typeof suffix === 'string') return (text) => text.endsWith(suffix);
  if (typeof contains === 'string') return (text) => text.includes(contains);
  problems.add('match_pattern', 'one of exact, prefix, … is required');
  return () => false;
}

function lower(text: string | null | undefined): string | undefined {
  return text?.toLowerCase();
}
