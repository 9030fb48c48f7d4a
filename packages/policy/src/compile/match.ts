import type { FieldMatch, PathMatch, RequestMatch } from '@meshkeeper/mesh';
import type { GRPCMatch, HTTPMatch } from '../kinds/matches.ts';

/** A match of a rule, and what decides over which of two that fit counts: see {@link byRank}. */
export interface RankedMatch {
  readonly match: RequestMatch;
  /** The first number that differs decides; more counts. */
  readonly rank: readonly number[];
}

const ALL: RequestMatch = { path: { type: 'prefix', value: '/' }, headers: [], query: [] };

/** Which path counts before which. Where regular expressions stand Gateway API leaves open. */
const PATH_RANK: Readonly<Record<PathMatch['type'], number>> = { exact: 2, regex: 1, prefix: 0 };

/** Matches of HTTP; none is one of all. */
export function httpMatches(matches: readonly HTTPMatch[]): readonly RankedMatch[] {
  return matches.length === 0 ? [ranked(ALL)] : matches.map((match) => ranked(ofHttp(match)));
}

/** Matches of gRPC, as requests of HTTP; none is one of all. */
export function grpcMatches(matches: readonly GRPCMatch[] = []): readonly RankedMatch[] {
  return (matches.length === 0 ? [{}] : matches).map(ofGrpc);
}

/** True when a match fits all requests that its kind of route is for. */
export function fitsAll({ path, method, headers, query }: RequestMatch): boolean {
  const anyPath = path.type === 'prefix' && path.value === '/';
  return anyPath && method === undefined && headers.length === 0 && query.length === 0;
}

/** Orders what fits the same requests: who counts comes first. */
export function byRank(a: Pick<RankedMatch, 'rank'>, b: Pick<RankedMatch, 'rank'>): number {
  const at = a.rank.findIndex((number, i) => number !== b.rank[i]);
  return at === -1 ? 0 : b.rank[at]! - a.rank[at]!;
}

function ofHttp({ path, method, headers, queryParams = [] }: HTTPMatch): RequestMatch {
  return {
    path: ofPath(path),
    ...(method !== undefined && { method }),
    headers: headerMatches(headers),
    query: queryParams.map(ofField),
  };
}

function ranked(match: RequestMatch): RankedMatch {
  const { path, method, headers, query } = match;
  const rank = [PATH_RANK[path.type], path.value.length, method === undefined ? 0 : 1];
  return { match, rank: [...rank, headers.length, query.length] };
}

function ofPath({ type, value }: HTTPMatch['path']): PathMatch {
  switch (type) {
    case 'Exact':
      return { type: 'exact', value };
    case 'RegularExpression':
      return { type: 'regex', value };
    case 'PathPrefix':
      return { type: 'prefix', value: value.length > 1 ? value.replace(/\/$/, '') : value };
  }
}

function ofGrpc({ method: called, headers: stated }: GRPCMatch): RankedMatch {
  const { type = 'Exact', service = '', method = '' } = called ?? {};
  const headers = headerMatches(stated);
  const isExact = called !== undefined && type === 'Exact';
  const path = isExact ? exactCall(service, method) : regexCall(service, method);
  return {
    match: { path, headers, query: [], grpc: true },
    rank: [isExact ? 1 : 0, service.length, method.length, headers.length],
  };
}

function exactCall(service: string, method: string): PathMatch {
  if (method === '') return { type: 'prefix', value: `/${service}` };
  if (service === '') return { type: 'regex', value: `/[^/]+/${method}` };
  return { type: 'exact', value: `/${service}/${method}` };
}

function regexCall(service: string, method: string): PathMatch {
  if (service === '' && method === '') return ALL.path;
  return { type: 'regex', value: `/${part(service)}/${part(method)}` };
}

/** An expression as a part of another. */
function part(source: string): string {
  if (source === '') return '[^/]+';
  return source.includes('|') ? `(?:${source})` : source;
}

/** Names of headers are the same in upper and lower case; of two of one name the first counts. */
export function headerMatches(headers: HTTPMatch['headers'] = []): readonly FieldMatch[] {
  const fields = headers.map((header) => ({ ...ofField(header), name: header.name.toLowerCase() }));
  return fields.filter(({ name }, i) => fields.findIndex((field) => field.name === name) === i);
}

function ofField({
  name,
  type,
  value,
}: {
  readonly name: string;
  readonly type: 'Exact' | 'RegularExpression';
  readonly value: string;
}): FieldMatch {
  return { name, type: type === 'Exact' ? 'exact' : 'regex', value };
}
