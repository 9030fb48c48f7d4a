import type { HeaderMatcher } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';
import { type Condition, headerAccess, type RequestView } from './request-view.ts';
import { parseStringMatch, type TextTest } from './string-match.ts';

/** A condition on a header's value; undefined when it is not there. */
export type HeaderTest = (value: string | undefined) => boolean;

/** `config.route.v3.HeaderMatcher` as a condition on a request. */
export function parseHeaderMatch(matcher: HeaderMatcher, problems: Problems): Condition {
  const value = headerAccess(matcher.name ?? '');
  const test = parseHeaderTest(matcher, problems);
  return (request) => test(value(request));
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

/** What `config.route.v3.HeaderMatcher` asks of the value. */
export function parseHeaderTest(matcher: HeaderMatcher, problems: Problems): HeaderTest {
  if (!matcher.name) problems.add('name', 'must not be empty');
  const invert = matcher.invertMatch === true;
  const missing = matcher.treatMissingHeaderAsEmpty === true ? '' : undefined;
  const test = valueTest(matcher, problems);
  if (test) {
    return (found) => {
      const value = found ?? missing;
      // As Envoy: what is not there fits nothing, inverted or not.
      return value !== undefined && test(value) !== invert;
    };
  }
  const wanted = (matcher.presentMatch !== false) !== invert;
  return (found) => ((found ?? missing) !== undefined) === wanted;
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
