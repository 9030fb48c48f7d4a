import type { CorsPolicy } from '../../config/filters/cors-policy.ts';
import { happens } from '../../config/fraction.ts';
import { setField } from '../../config/header-changes.ts';
import type { FilterPass, FilterResult } from './filter-pass.ts';

/** Answers what browsers ask before a cross-origin request, and says in responses what is allowed. */
export function applyCors(
  policy: CorsPolicy,
  { request, edits, destination }: FilterPass,
): FilterResult {
  // As Envoy: what the route answers itself is the same for all origins.
  if (destination === undefined) return undefined;
  const origin = request.header('origin');
  // As Envoy: it is up to the endpoint, and to the browser, what becomes of other origins.
  if (!origin || !happens(policy.share, request.random)) return undefined;
  if (!policy.allows?.(origin)) return undefined;
  if (request.method !== 'OPTIONS' || !request.header('access-control-request-method')) {
    edits.push((fields) => {
      for (const [name, value] of responseFields(policy, origin)) setField(fields, name, value);
    });
    return undefined;
  }
  const fields = preflightFields(policy, origin, request).flat();
  return { type: 'answer', reply: { status: 200, body: '', fields, asItIs: true } };
}

function preflightFields(
  policy: CorsPolicy,
  origin: string,
  request: FilterPass['request'],
): [string, string][] {
  // As Envoy: what is allowed of anything is what is asked for.
  const allowed = (stated: string, asked: string) =>
    stated === '*' ? (request.header(asked) ?? '') : stated;
  return some([
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', policy.credentials ? 'true' : ''],
    ['access-control-allow-methods', allowed(policy.methods, 'access-control-request-method')],
    ['access-control-allow-headers', allowed(policy.headers, 'access-control-request-headers')],
    ['access-control-expose-headers', policy.expose],
    ['access-control-max-age', policy.maxAge],
  ]);
}

function responseFields(policy: CorsPolicy, origin: string): [string, string][] {
  return some([
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', policy.credentials ? 'true' : ''],
    ['access-control-expose-headers', policy.expose],
  ]);
}

function some(pairs: [string, string][]): [string, string][] {
  return pairs.filter(([, value]) => value !== '');
}
