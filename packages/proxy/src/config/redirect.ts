import { type RedirectAction, RedirectResponseCode, type RouteMatch } from '@meshkeeper/xds';
import { parseUrlText } from './field-text.ts';
import { parsePathRewrite } from './path-rewrite.ts';
import type { Problems } from './problems.ts';
import type { RequestView } from './request-view.ts';

/** Sends the client elsewhere. */
export interface Redirect {
  readonly type: 'redirect';
  readonly status: number;
  location(request: RequestView): string;
}

const STATUSES: Readonly<Record<number, number>> = {
  [RedirectResponseCode.MOVED_PERMANENTLY]: 301,
  [RedirectResponseCode.FOUND]: 302,
  [RedirectResponseCode.SEE_OTHER]: 303,
  [RedirectResponseCode.TEMPORARY_REDIRECT]: 307,
  [RedirectResponseCode.PERMANENT_REDIRECT]: 308,
};

/** `config.route.v3.RedirectAction` of a route that `match` led to. */
export function parseRedirect(
  message: RedirectAction,
  match: RouteMatch,
  problems: Problems,
): Redirect {
  const stated = parseUrlText(message.schemeRedirect, 'scheme_redirect', problems);
  const scheme = message.httpsRedirect ? 'https' : stated;
  const port = message.portRedirect ? `:${message.portRedirect}` : '';
  const host = parseUrlText(message.hostRedirect, 'host_redirect', problems);
  const fixed = parseUrlText(message.pathRedirect, 'path_redirect', problems);
  const rewrite = parsePathRewrite(message, match, problems);
  const target = (request: RequestView): string => {
    const query = request.query === '' || message.stripQuery ? '' : `?${request.query}`;
    // A query of the redirect's own goes before the request's.
    if (fixed) return fixed.includes('?') ? fixed : fixed + query;
    return (rewrite?.(request.path) ?? request.path) + query;
  };
  return {
    type: 'redirect',
    status: STATUSES[message.responseCode ?? RedirectResponseCode.MOVED_PERMANENTLY] ?? 301,
    location(request) {
      const to = scheme ?? request.scheme;
      const authority = host ?? requestHost(request, to, port !== '');
      return `${to}://${authority}${port}${target(request)}`;
    },
  };
}

/** The host that was asked for, without a port that would be wrong from now on. */
function requestHost({ authority, scheme }: RequestView, to: string, newPort: boolean): string {
  const port = /:\d*$/.exec(authority)?.[0];
  if (port === undefined) return authority;
  const wasDefault = to !== scheme && port === (scheme === 'https' ? ':443' : ':80');
  return newPort || wasDefault ? authority.slice(0, -port.length) : authority;
}
