import type { QueryParameterMatcher, RouteMatch } from '@meshkeeper/xds';
import { happens, parseFraction } from './fraction.ts';
import { parseHeaderMatch } from './header-match.ts';
import type { Problems } from './problems.ts';
import { parseRegex } from './regex.ts';
import { type Condition, isGrpc, queryParameter } from './request-view.ts';
import { parseStringMatch, type TextTest } from './string-match.ts';

/** `config.route.v3.RouteMatch` as a condition on a request. */
export function parseRouteMatch(match: RouteMatch, problems: Problems): Condition {
  const conditions = [parsePathMatch(match, problems)];
  for (const [i, matcher] of (match.headers ?? []).entries()) {
    conditions.push(parseHeaderMatch(matcher, problems.at(`headers[${i}]`)));
  }
  for (const [i, matcher] of (match.queryParameters ?? []).entries()) {
    conditions.push(parseQueryMatch(matcher, problems.at(`query_parameters[${i}]`)));
  }
  if (match.grpc) conditions.push((request) => isGrpc(request.header('content-type')));
  // Comes last: it is a share of the requests that fit otherwise.
  if (match.runtimeFraction) {
    const share = parseFraction(match.runtimeFraction.defaultValue);
    conditions.push((request) => happens(share, request.random));
  }
  const needed = conditions.filter((condition) => condition !== ANY);
  if (needed.length === 0) return ANY;
  return needed.length === 1 ? needed[0]! : (request) => needed.every((each) => each(request));
}

const ANY: Condition = () => true;

function parsePathMatch(match: RouteMatch, problems: Problems): Condition {
  const test = pathTest(match, problems);
  if (!test) return ANY;
  // Case is no matter of regular expressions.
  if (match.caseSensitive?.value !== false || match.safeRegex) return ({ path }) => test(path);
  return ({ path }) => test(path.toLowerCase());
}

/** Undefined when any path fits. */
function pathTest(match: RouteMatch, problems: Problems): TextTest | undefined {
  const fold = (text: string) => (match.caseSensitive?.value === false ? text.toLowerCase() : text);
  if (match.safeRegex) {
    return parseRegex(match.safeRegex.regex ?? '', problems.at('safe_regex'));
  }
  if (typeof match.path === 'string') {
    const whole = fold(match.path);
    return (path) => path === whole;
  }
  if (typeof match.prefix === 'string') {
    const prefix = fold(match.prefix);
    return prefix === '/' || prefix === '' ? undefined : (path) => path.startsWith(prefix);
  }
  if (typeof match.pathSeparatedPrefix === 'string') {
    const prefix = fold(match.pathSeparatedPrefix);
    const { length } = prefix;
    return (path) => path.startsWith(prefix) && (path.length === length || path[length] === '/');
  }
  problems.add('path_specifier', 'prefix, path, path_separated_prefix or safe_regex is required');
  return () => false;
}

function parseQueryMatch(matcher: QueryParameterMatcher, problems: Problems): Condition {
  const name = matcher.name ?? '';
  if (name === '') problems.add('name', 'must not be empty');
  if (matcher.stringMatch) {
    const test = parseStringMatch(matcher.stringMatch, problems.at('string_match'));
    return ({ query }) => {
      const value = queryParameter(query, name);
      return value !== undefined && test(value);
    };
  }
  const wanted = matcher.presentMatch !== false;
  return ({ query }) => (queryParameter(query, name) !== undefined) === wanted;
}
