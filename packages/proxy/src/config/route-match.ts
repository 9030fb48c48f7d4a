import type { RouteMatch } from '@meshkeeper/xds';
import { type Condition, parseHeaderMatch, parseStringMatch } from './header-match.ts';
import type { Problems } from './problems.ts';

/** `config.route.v3.RouteMatch` as a condition on a request. */
export function parseRouteMatch(match: RouteMatch, problems: Problems): Condition {
  problems.unsupported('runtime_fraction', match.runtimeFraction);
  const conditions = [parsePathMatch(match, problems)];
  for (const [i, matcher] of (match.headers ?? []).entries()) {
    conditions.push(parseHeaderMatch(matcher, problems.at(`headers[${i}]`)));
  }
  for (const [i, matcher] of (match.queryParameters ?? []).entries()) {
    const name = matcher.name ?? '';
    const at = problems.at(`query_parameters[${i}]`);
    const test = matcher.stringMatch && parseStringMatch(matcher.stringMatch, at);
    conditions.push(({ query }) => {
      const value = new URLSearchParams(query).get(name);
      return value !== null && (!test || test(value));
    });
  }
  if (match.grpc) {
    const isGrpc = /^application\/grpc(?:$|[+;])/;
    conditions.push((request) => isGrpc.test(request.header('content-type') ?? ''));
  }
  const needed = conditions.filter((condition) => condition !== ANY);
  if (needed.length === 0) return ANY;
  return needed.length === 1 ? needed[0]! : (request) => needed.every((each) => each(request));
}

const ANY: Condition = () => true;

function parsePathMatch(match: RouteMatch, problems: Problems): Condition {
  problems.unsupported('safe_regex', match.safeRegex);
  const fold = (text: string) => (match.caseSensitive?.value === false ? text.toLowerCase() : text);
  const { prefix, path, pathSeparatedPrefix } = match;
  if (typeof path === 'string') {
    const wanted = fold(path);
    return (request) => fold(request.path) === wanted;
  }
  if (typeof prefix === 'string') {
    if (prefix === '/' || prefix === '') return ANY;
    const wanted = fold(prefix);
    return (request) => fold(request.path).startsWith(wanted);
  }
  if (typeof pathSeparatedPrefix === 'string') {
    const wanted = fold(pathSeparatedPrefix);
    return (request) => {
      const actual = fold(request.path);
      return (
        actual.startsWith(wanted) &&
        (actual.length === wanted.length || actual[wanted.length] === '/')
      );
    };
  }
  if (!match.safeRegex) problems.add('path_specifier', 'one of prefix, path, … is required');
  return () => false;
}
