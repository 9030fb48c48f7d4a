import type { RequestMatch, RuleAction } from '@meshkeeper/mesh';
import {
  type RedirectAction,
  RedirectResponseCode,
  type RouteMatch,
} from '../../codec/messages.ts';
import { pathFields } from './path-change.ts';

type Redirect = Extract<RuleAction, { type: 'redirect' }>;

const CODES: Readonly<Record<number, RedirectResponseCode>> = {
  301: RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectResponseCode.FOUND,
  303: RedirectResponseCode.SEE_OTHER,
  307: RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectResponseCode.PERMANENT_REDIRECT,
};

/** Where callers are sent, by what else a request has to fit; the first that fits counts. */
export function redirects(
  action: Redirect,
  match: RequestMatch,
): readonly { readonly match: RouteMatch; readonly redirect: RedirectAction }[] {
  const { scheme, hostname, path, port, statusCode } = action;
  const common: RedirectAction = {
    ...(scheme === undefined ? {} : { schemeRedirect: scheme }),
    ...(hostname === undefined ? {} : { hostRedirect: hostname }),
    ...(path === undefined
      ? {}
      : path.type === 'full'
        ? { pathRedirect: path.value }
        : pathFields(path, match)),
    responseCode: CODES[statusCode] ?? RedirectResponseCode.FOUND,
  };
  const atPort = port === undefined ? common : { ...common, portRedirect: port };
  if (scheme === undefined || port !== PORTS[scheme]) return [{ match: {}, redirect: atPort }];
  // A scheme's own port is not shown, but Envoy would leave that of the host that was asked.
  const named = { match: {}, redirect: common };
  return hostname === undefined
    ? [{ match: ASKED_AT_PORT[scheme], redirect: atPort }, named]
    : [named];
}

const PORTS = { http: 80, https: 443 } as const;

/** Of the other scheme's own port Envoy rids itself. */
const askedAtPort = (other: number): RouteMatch => ({
  headers: [
    { name: ':authority', stringMatch: { safeRegex: { regex: '.*:[0-9]+' } } },
    { name: ':authority', stringMatch: { suffix: `:${other}` }, invertMatch: true },
  ],
});
const ASKED_AT_PORT = { http: askedAtPort(PORTS.https), https: askedAtPort(PORTS.http) };
