import type { RequestMatch, RuleAction } from '@meshkeeper/mesh';
import { type RedirectAction, RedirectResponseCode } from '../../codec/messages.ts';
import { pathFields } from './path-change.ts';

type Redirect = Extract<RuleAction, { type: 'redirect' }>;

const CODES: Readonly<Record<number, RedirectResponseCode>> = {
  301: RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectResponseCode.FOUND,
  303: RedirectResponseCode.SEE_OTHER,
  307: RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectResponseCode.PERMANENT_REDIRECT,
};

/** Where the caller is sent. */
export function redirect(action: Redirect, match: RequestMatch): RedirectAction {
  const { scheme, hostname, path, port, statusCode } = action;
  return {
    ...(scheme === undefined ? {} : { schemeRedirect: scheme }),
    ...(hostname === undefined ? {} : { hostRedirect: hostname }),
    ...(port === undefined || isDefault(scheme, port) ? {} : { portRedirect: port }),
    ...(path === undefined
      ? {}
      : path.type === 'full'
        ? { pathRedirect: path.value }
        : pathFields(path, match)),
    responseCode: CODES[statusCode] ?? RedirectResponseCode.FOUND,
  };
}

/** With a scheme Envoy leaves its own port out by itself. */
function isDefault(scheme: Redirect['scheme'], port: number): boolean {
  return (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443);
}
