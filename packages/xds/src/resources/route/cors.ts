import type { CorsSettings } from '@meshkeeper/mesh';
import { pack } from '../../codec/any.ts';
import { type Any, Cors, CorsPolicy, type StringMatcher } from '../../codec/messages.ts';
import { escaped } from './path-change.ts';

/** The filter's name. */
export const CORS_FILTER = 'envoy.filters.http.cors';
const PACKAGE = 'envoy.extensions.filters.http.cors.v3';

/** The filter as it is where no route says more: it does nothing. */
export const NO_CORS: Any = pack(`${PACKAGE}.Cors`, Cors, {});

/** What browsers of other origins may do, as a route has it. */
export function cors(settings: CorsSettings): Any {
  return pack(`${PACKAGE}.CorsPolicy`, CorsPolicy, {
    allowOriginStringMatch: settings.allowOrigins.map(origin),
    allowMethods: settings.allowMethods.join(','),
    allowHeaders: settings.allowHeaders.join(','),
    exposeHeaders: settings.exposeHeaders.join(','),
    maxAge: String(settings.maxAge),
    allowCredentials: { value: settings.allowCredentials },
  });
}

/** `*` stands for any origin; in front of a host for one label or more. */
function origin(text: string): StringMatcher {
  if (!text.includes('*')) return { exact: text };
  const regex = text.split('*').map(escaped).join('.*');
  return { safeRegex: { regex } };
}
