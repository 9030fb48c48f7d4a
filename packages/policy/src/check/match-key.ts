import type { GRPCMatch, HTTPMatch } from '../kinds/matches.ts';

/** Two matches with one key fit the same requests. */
export function matchKey(match: HTTPMatch | GRPCMatch): string {
  if ('path' in match)
    return JSON.stringify([
      [match.path.type, trimmed(match.path)],
      match.method ?? '',
      conditions(match.headers, true),
      conditions(match.queryParams, false),
    ]);
  const { type = 'Exact', service = '', method = '' } = match.method ?? {};
  return JSON.stringify([[type, service, method], conditions(match.headers, true)]);
}

/** A match in words. */
export function matchText(match: HTTPMatch | GRPCMatch): string {
  const headers = (match.headers ?? []).map(({ name, value }) => `${name}: ${value}`);
  if (!('path' in match)) {
    const { service = '*', method = '*' } = match.method ?? {};
    return [`${service}/${method}`, ...headers].join(', ');
  }
  const query = (match.queryParams ?? []).map(({ name, value }) => `?${name}=${value}`);
  const { type, value } = match.path;
  const path = type === 'PathPrefix' ? `${value.replace(/\/$/, '')}/…` : value;
  return [`${match.method ?? 'any method'} ${path}`, ...headers, ...query].join(', ');
}

/** `/a` and `/a/` are the same prefix. */
function trimmed({ type, value }: HTTPMatch['path']): string {
  return type === 'PathPrefix' && value.length > 1 ? value.replace(/\/$/, '') : value;
}

function conditions(
  list: readonly { readonly type: string; readonly name: string; readonly value: string }[] = [],
  isHeader: boolean,
): string[] {
  return list
    .map(({ type, name, value }) =>
      JSON.stringify([isHeader ? name.toLowerCase() : name, type, value]),
    )
    .sort();
}
