import type { HeaderMatcher } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';
import { type Condition, headerTest, type RequestView } from './request-view.ts';
import { parseStringMatch, type TextTest } from './string-match.ts';

/** `config.route.v3.HeaderMatcher` as a condition on a request. */
export function parseHeaderMatch(matcher: HeaderMatcher, problems: Problems): Condition {
  const some = headerTest(matcher.name ?? '');
  const { test, judge } = parseHeaderTest(matcher, problems);
  return (request) => judge(some(request, test));
}

/** All of the matchers as one condition; undefined when there are none. */
export function parseHeaderMatches(
  matchers: readonly HeaderMatcher[] | null | undefined,
  problems: Problems,
): Condition | undefined {
  if (!matchers || matchers.length === 0) return undefined;
  const conditions = matchers.map((matcher, i) =>
    parseHeaderMatch(matcher, problems.at(`headers[${i}]`)),
  );
  return (request: RequestView) => conditions.every((each) => each(request));
}

/** What `config.route.v3.HeaderMatcher` asks of the values of a header. */
export interface HeaderTest {
  /** Of each value. */
  readonly test: TextTest;
  /** What follows: undefined when there is no value, else whether one has passed. */
  judge(passed: boolean | undefined): boolean;
}

/** `config.route.v3.HeaderMatcher` without the way to the header. */
export function parseHeaderTest(matcher: HeaderMatcher, problems: Problems): HeaderTest {
  if (!matcher.name) problems.add('name', 'must not be empty');
  const invert = matcher.invertMatch === true;
  const emptyIfMissing = matcher.treatMissingHeaderAsEmpty === true;
  const test = valueTest(matcher, problems);
  if (!test) {
    const wanted = (matcher.presentMatch !== false) !== invert;
    return {
      test: () => true,
      judge: (passed) => (passed !== undefined || emptyIfMissing) === wanted,
    };
  }
  // As Envoy: what is not there fits nothing, inverted or not.
  const ofMissing = emptyIfMissing && test('') !== invert;
  return { test, judge: (passed) => (passed === undefined ? ofMissing : passed !== invert) };
}

/** Undefined when only the presence of the header matters. */
function valueTest(matcher: HeaderMatcher, problems: Problems): TextTest | undefined {
  if (matcher.stringMatch)
    return parseStringMatch(matcher.stringMatch, problems.at('string_match'));
  if (!matcher.rangeMatch) return undefined;
  const start = Number(matcher.rangeMatch.start ?? 0);
  const end = Number(matcher.rangeMatch.end ?? 0);
  return (text) => {
    const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    return number >= start && number < end;
  };
}
