import type { Catalog } from '@meshkeeper/mesh';
import type { FastifyInstance } from 'fastify';
import { type CallVerdict, judge } from '../authz/call.ts';
import type { Identity } from '../identity/identity.ts';
import { certified } from './identity-errors.ts';
import { serviceOf } from './lookup.ts';
import { ApiError } from './problem.ts';
import { route } from './route.ts';
import { authzQuery, authzSchema } from './schemas/authz-schemas.ts';

const NOT_REFUSED =
  'no rule in effect refuses it: data planes let everybody call whom they can reach';
const DUBBO_ONLY =
  "the rule is kept by Dubbo's own clients; Envoy, gRPC clients and the embedded proxy do not look at it";

/** Who may call whom. */
export function authzRoute(app: FastifyInstance, catalog: Catalog, identity: Identity): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/authz/check',
    id: 'checkCall',
    tag: 'identity',
    summary: 'Whether a service may call another, and which rule decides that',
    description:
      'By the rules that are in effect: those that refuse calls are the routing rules of registries. What is decided is what is stated; `notes` say who keeps to it.',
    role: 'viewer',
    query: authzQuery,
    answer: authzSchema,
    example: {
      allowed: false,
      from: { service: 'shop', spiffeId: 'spiffe://mesh/service/shop' },
      to: 'com.acme.Orders',
      decidedBy: {
        rule: 'condition application=shop =>',
        ...{ source: 'dubbo', path: '/dubbo/config/dubbo/com.acme.Orders.condition-router' },
      },
      unproven: ['application'],
      notes: [DUBBO_ONLY],
    },
    problems: ['unknown-service', 'invalid-certificate-request'],
    handle: ({ query: { from, to, method, header } }) =>
      certified(async () => {
        const service = serviceOf(catalog, to);
        const caller = await callerOf(from, identity.trustDomain);
        const verdict = judge(service, { from: caller.service, method, headers: fields(header) });
        const { allowed, decidedBy, unproven } = verdict;
        return {
          ...{ allowed, from: caller, to },
          ...(decidedBy && { decidedBy: { rule: decidedBy.rule, ...decidedBy.origin } }),
          ...{ unproven, notes: notesOf(verdict, caller) },
        };
      }),
  });
}

interface CallingService {
  readonly service?: string;
  readonly spiffeId: string;
}

async function callerOf(text: string, trustDomain: string): Promise<CallingService> {
  const { parseSpiffeId, spiffeIdOf } = await import('@meshkeeper/identity');
  if (!text.startsWith('spiffe://'))
    return { service: text, spiffeId: spiffeIdOf({ trustDomain, service: text }) };
  const parsed = parseSpiffeId(text);
  if (parsed === undefined)
    throw new ApiError(
      'invalid-request',
      'the caller is no SPIFFE ID of a service: write spiffe://TRUSTDOMAIN/service/NAME',
    );
  return parsed.trustDomain === trustDomain
    ? { service: parsed.service, spiffeId: text }
    : { spiffeId: text };
}

/** By lower-cased name, as `NAME=VALUE` states them. */
function fields(stated: readonly string[]): Record<string, string> {
  const pairs = stated.map((text): [string, string] => {
    const at = text.indexOf('=');
    return [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

function notesOf({ decidedBy, unproven }: CallVerdict, { service }: CallingService): string[] {
  const notes = [decidedBy === undefined ? NOT_REFUSED : DUBBO_ONLY];
  if (service === undefined) notes.push('the caller is of another trust domain: no rule names it');
  if (unproven.length > 0)
    notes.push(
      `rules go by what a caller says of itself (${unproven.join(', ')}): only mutual TLS could prove that, and nobody asks for it yet`,
    );
  return notes;
}
