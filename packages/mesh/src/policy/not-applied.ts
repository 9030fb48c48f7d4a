import { registryBalancing } from './registry-balancing.ts';
import type { PolicyOrigin, Stated } from './stated.ts';
import type { ScopedSettings, TrafficPolicy, TrafficSettings } from './traffic-policy.ts';

/** Something that a registry states of a service's traffic, and that no data plane does. */
export interface NotApplied {
  /** What is stated, for people: `timeout 500 of method greet`. */
  readonly what: string;
  readonly origin: PolicyOrigin;
  /** Why it isn't done, and what to do instead. */
  readonly reason: string;
}

const HASH =
  'Dubbo hashes the arguments of a call, which data planes of HTTP do not see: state in a ServicePolicy what of a request is hashed';
const CONNECTIONS =
  'data planes pass connections on and see no requests: say in a ServicePolicy that it speaks http2 or grpc, if it does';
const OF_METHOD =
  'data planes balance by service: state it of the service, or give the method a service of its own';
const OF_CALLERS =
  'it holds for some callers, and data planes are told of a service what holds for all: use an HTTPRoute that matches a header of those callers';
const ROUTING =
  'it goes by what Dubbo says of a call and its caller, which data planes do not know: use an HTTPRoute to subsets of a ServicePolicy';

const REQUESTS = ['timeout', 'perTryTimeout', 'retries'] as const;
const ALL = ['loadBalancing', ...REQUESTS] as const;

/**
 * What no data plane does of what a registry states.
 * @param hasRequests data planes see the requests of the service, and not only its connections
 * @param isBalanced an operator states how the service is balanced
 */
export function notApplied(
  policy: TrafficPolicy,
  hasRequests: boolean,
  isBalanced: boolean,
): readonly NotApplied[] {
  const { loadBalancing, methods = [], callers = [], routing = [] } = policy;
  const hasNoKey =
    loadBalancing !== undefined && registryBalancing(loadBalancing.value) === undefined;
  return [
    ...(hasNoKey && !isBalanced ? listed({ loadBalancing }, ['loadBalancing'], '', HASH) : []),
    ...(hasRequests ? [] : scoped(policy, REQUESTS, '', CONNECTIONS)),
    ...methods.flatMap((settings) =>
      listed(settings, ['loadBalancing'], ` of method ${settings.method}`, OF_METHOD),
    ),
    ...callers.flatMap((settings) => scoped(settings, ALL, ' of some callers', OF_CALLERS)),
    ...routing.map(({ name, origin }) => ({ what: `routing ${name}`, origin, reason: ROUTING })),
  ];
}

/** Settings, and those of methods. */
function scoped(
  settings: ScopedSettings,
  fields: readonly (keyof TrafficSettings)[],
  of: string,
  reason: string,
): NotApplied[] {
  return [
    ...listed(settings, fields, of, reason),
    ...(settings.methods ?? []).flatMap((method) =>
      listed(method, fields, ` of method ${method.method}${of}`, reason),
    ),
  ];
}

function listed(
  settings: TrafficSettings,
  fields: readonly (keyof TrafficSettings)[],
  of: string,
  reason: string,
): NotApplied[] {
  return fields.flatMap((field) => {
    const stated: Stated<string | number> | undefined = settings[field];
    if (stated === undefined) return [];
    return [{ what: `${field} ${stated.value}${of}`, origin: stated.origin, reason }];
  });
}
