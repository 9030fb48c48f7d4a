import type { FieldMatch, PathMatch, RequestMatch } from '@meshkeeper/mesh';
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch,
  StringMatcher,
} from '../../codec/messages.ts';
import type { Flavour } from '../flavour.ts';

/** Any request. */
export const ANY: RequestMatch = {
  path: { type: 'prefix', value: '/' },
  headers: [],
  query: [],
};

/**
 * Which requests a route is for; undefined when none of that flavour's fit: calls of gRPC are all POST
 * and have no query.
 */
export function routeMatch(match: RequestMatch, flavour: Flavour): RouteMatch | undefined {
  const { path, method, headers, query } = match;
  if (flavour === 'grpc') {
    if (query.length > 0 || (method !== undefined && method !== 'POST')) return undefined;
    return { ...grpcPath(path), ...headersOf(headers) };
  }
  const all = method === undefined ? [] : [exact(':method', method)];
  return {
    ...pathOf(path),
    ...headersOf(headers, all),
    ...(query.length === 0 ? {} : { queryParameters: query.map(queryMatcher) }),
    ...(match.grpc ? { grpc: {} } : {}),
  };
}

/** A header that has exactly that value. */
export function exact(name: string, value: string): HeaderMatcher {
  return { name, stringMatch: { exact: value } };
}

/** How headers are compared. */
export function headerMatcher({ name, ...match }: FieldMatch): HeaderMatcher {
  return { name, stringMatch: stringMatcher(match) };
}

function headersOf(headers: readonly FieldMatch[], others: HeaderMatcher[] = []) {
  const all = [...others, ...headers.map(headerMatcher)];
  return all.length === 0 ? {} : { headers: all };
}

function queryMatcher({ name, ...match }: FieldMatch): QueryParameterMatcher {
  return { name, stringMatch: stringMatcher(match) };
}

function stringMatcher({ type, value }: Omit<FieldMatch, 'name'>): StringMatcher {
  return type === 'regex' ? { safeRegex: { regex: value } } : { exact: value };
}

function pathOf({ type, value }: PathMatch): RouteMatch {
  switch (type) {
    case 'exact':
      return { path: value };
    case 'regex':
      return { safeRegex: { regex: value } };
    case 'prefix': {
      const bare = withoutSlash(value);
      return bare === '' ? { prefix: '/' } : { pathSeparatedPrefix: bare };
    }
  }
}

/** gRPC knows no prefix of whole parts, but a path of its has two parts: the first, or both. */
function grpcPath({ type, value }: PathMatch): RouteMatch {
  if (type !== 'prefix') return pathOf({ type, value });
  const bare = withoutSlash(value);
  if (bare === '') return { prefix: '/' };
  return bare.indexOf('/', 1) === -1 ? { prefix: `${bare}/` } : { path: bare };
}

/** `/a/` is a prefix of the same paths as `/a`. */
export function withoutSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '');
}
