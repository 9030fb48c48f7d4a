import type { RouteMatch } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

type HeaderMatcher = NonNullable<RouteMatch['headers']>[number];
type StringMatcher = NonNullable<HeaderMatcher['stringMatch']>;

/** What routes are matched against. */
export interface RequestView {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The query without its question mark. */
  readonly query: string;
  /** The value of a header by its lower-case name, `:method`, `:path` or `:authority`. */
  header(name: string): string | undefined;
}

/** A condition on a request. */
export type Condition = (request: RequestView) => boolean;

/** `config.route.v3.HeaderMatcher` as a condition. */
export function parseHeaderMatch(matcher: HeaderMatcher, problems: Problems): Condition {
  const name = (matcher.name ?? '').toLowerCase();
  if (name === '') problems.add('name', 'must not be empty');
  const test = valueTest(matcher, problems);
  const invert = matcher.invertMatch === true;
  const missing = matcher.treatMissingHeaderAsEmpty === true ? '' : undefined;
  return (request) => {
    const value = request.header(name) ?? missing;
    // As Envoy: an absent header satisfies nothing but "not present", inverted or not.
    if (value === undefined && test.needsValue) return invert && matcher.stringMatch == null;
    return test.accepts(value) !== invert;
  };
}

interface ValueTest {
  readonly needsValue: boolean;
  accepts(value: string | undefined): boolean;
}

function valueTest(matcher: HeaderMatcher, problems: Problems): ValueTest {
  if (matcher.stringMatch) {
    const matches = parseStringMatch(matcher.stringMatch, problems.at('string_match'));
    return { needsValue: true, accepts: (value) => value !== undefined && matches(value) };
  }
  if (matcher.rangeMatch) {
    const { start, end } = matcher.rangeMatch;
    const inRange = (text: string) => {
      const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
      return number >= Number(start ?? 0) && number < Number(end ?? 0);
    };
    return { needsValue: true, accepts: (value) => value !== undefined && inRange(value) };
  }
  const present = matcher.presentMatch !== false;
  return { needsValue: false, accepts: (value) => (value !== undefined) === present };
}

/** `type.matcher.v3.StringMatcher` as a test. */
export function parseStringMatch(
  matcher: StringMatcher,
  problems: Problems,
): (value: string) => boolean {
  if (matcher.safeRegex) return parseAlternatives(matcher.safeRegex.regex ?? '', problems);
  const fold = (text: string) => (matcher.ignoreCase === true ? text.toLowerCase() : text);
  const { exact, prefix, suffix, contains } = matcher;
  if (typeof exact === 'string') return (value) => fold(value) === fold(exact);
  if (typeof prefix === 'string') return (value) => fold(value).startsWith(fold(prefix));
  if (typeof suffix === 'string') return (value) => fold(value).endsWith(fold(suffix));
  if (typeof contains === 'string') return (value) => fold(value).includes(fold(contains));
  problems.add('match_pattern', 'one of exact, prefix, … is required');
  return () => false;
}

/**
 * A regular expression that is no more than texts to choose from, `GET|HEAD`. Others would need an
 * engine that takes linear time on hostile input, which JavaScript's does not.
 */
function parseAlternatives(regex: string, problems: Problems): (value: string) => boolean {
  if (!/^[A-Za-z0-9_|/ -]+$/.test(regex)) {
    problems.add(
      'safe_regex',
      'the embedded proxy takes only plain alternatives, such as GET|HEAD',
    );
  }
  const texts = new Set(regex.split('|'));
  return (value) => texts.has(value);
}
