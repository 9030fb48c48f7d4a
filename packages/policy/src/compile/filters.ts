import type {
  CorsSettings,
  HeaderChanges,
  HeaderValue,
  Mirror,
  PathChange,
  RuleAction,
  Target,
  TrafficRule,
} from '@meshkeeper/mesh';
import { destination } from '../kinds/backend-ref.ts';
import type { GRPCFilter, HTTPFilter } from '../kinds/filters.ts';
import type { Listener } from '../kinds/gateway.ts';
import { compact } from './compact.ts';

type Filter = HTTPFilter | GRPCFilter;
type Of<Type extends Filter['type']> = Extract<HTTPFilter, { readonly type: Type }>;

/** What the header filters of a list change. */
export function headerChanges(
  filters: readonly Filter[] = [],
): Pick<TrafficRule, 'requestHeaders' | 'responseHeaders'> {
  return compact({
    requestHeaders: changes(find(filters, 'RequestHeaderModifier')?.requestHeaderModifier),
    responseHeaders: changes(find(filters, 'ResponseHeaderModifier')?.responseHeaderModifier),
  });
}

function changes(
  stated: Of<'RequestHeaderModifier'>['requestHeaderModifier'] | undefined,
): HeaderChanges | undefined {
  if (stated === undefined) return undefined;
  const { set, add, remove = [] } = stated;
  return { set: values(set), add: values(add), remove };
}

/** Of two of one name the first counts, in upper and lower case. */
function values(headers: readonly HeaderValue[] = []): readonly HeaderValue[] {
  const names = headers.map(({ name }) => name.toLowerCase());
  return headers.filter((_, i) => names.indexOf(names[i]!) === i);
}

/** Where copies of requests go; copies for kinds that there aren't are not made. */
export function mirrors(filters: readonly Filter[]): readonly Mirror[] {
  return filters.flatMap((filter): Mirror[] => {
    if (filter.type !== 'RequestMirror') return [];
    const { backendRef, percent = 100, fraction } = filter.requestMirror;
    const target = targetOf(backendRef);
    if (target === undefined) return [];
    const { numerator, denominator } = fraction ?? { numerator: percent, denominator: 100 };
    return [{ ...target, millionths: Math.round((numerator / denominator) * 1_000_000) }];
  });
}

/** The service or subset that a reference leads to; undefined of kinds that there aren't. */
export function targetOf(ref: Parameters<typeof destination>[0]): Target | undefined {
  const to = destination(ref);
  switch (to.type) {
    case 'service':
      return { service: to.service };
    case 'subset':
      return { service: to.service, subset: to.subset };
    case 'unknown':
      return undefined;
  }
}

const PORTS = { http: 80, https: 443 } as const;

/**
 * The redirect of a rule, where it has one.
 * @param listener where the request came in, if that is known
 */
export function redirect(
  filters: readonly Filter[],
  listener: Pick<Listener, 'port' | 'protocol'> | undefined,
): RuleAction | undefined {
  const stated = find(filters, 'RequestRedirect')?.requestRedirect;
  if (stated === undefined) return undefined;
  const { hostname, statusCode } = stated;
  const port = stated.port ?? (stated.scheme === undefined ? listener?.port : PORTS[stated.scheme]);
  // Where the request's scheme is known, and its own port, that port is not shown.
  const own = listener && (listener.protocol === 'HTTPS' ? 'https' : 'http');
  const scheme = stated.scheme ?? (own && port === PORTS[own] ? own : undefined);
  const path = pathChange(stated.path);
  return compact<RuleAction>({ type: 'redirect', scheme, hostname, path, port, statusCode });
}

/** The rewrite of a rule, where it has one. */
export function rewrite(filters: readonly Filter[]): TrafficRule['rewrite'] {
  const stated = find(filters, 'URLRewrite')?.urlRewrite;
  return stated && compact({ hostname: stated.hostname, path: pathChange(stated.path) });
}

function pathChange(
  stated: Of<'URLRewrite'>['urlRewrite']['path'] | undefined,
): PathChange | undefined {
  if (stated === undefined) return undefined;
  return stated.type === 'ReplaceFullPath'
    ? { type: 'full', value: stated.replaceFullPath || '/' }
    : { type: 'prefix', value: stated.replacePrefixMatch };
}

/** What a rule says of cross-origin requests, where it does. */
export function cors(filters: readonly Filter[]): CorsSettings | undefined {
  const stated = find(filters, 'CORS')?.cors;
  if (stated === undefined) return undefined;
  return {
    allowOrigins: stated.allowOrigins ?? [],
    allowCredentials: stated.allowCredentials ?? false,
    allowMethods: stated.allowMethods ?? [],
    allowHeaders: stated.allowHeaders ?? [],
    exposeHeaders: stated.exposeHeaders ?? [],
    maxAge: stated.maxAge,
  };
}

function find<Type extends Filter['type']>(
  filters: readonly Filter[],
  type: Type,
): Of<Type> | undefined {
  return filters.find((filter): filter is Of<Type> => filter.type === type);
}
