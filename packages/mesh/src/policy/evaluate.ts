import type { Endpoint } from '../model/endpoint.ts';
import type {
  EndpointCondition,
  EndpointSelector,
  RequestCondition,
  RoutingStage,
  TrafficRoute,
} from './routing.ts';
import type { ScopedSettings, TrafficPolicy, TrafficSettings } from './traffic-policy.ts';
import { type Condition, holds } from './value-match.ts';

/** What a policy looks at of a request. */
export interface RoutedRequest {
  readonly method?: string;
  /** By lower-cased name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the caller says of itself, by label. */
  readonly caller?: Readonly<Record<string, string>>;
}

/** What a policy says of a request: its meaning, which data planes may reach in other ways. */
export function settingsFor(policy: TrafficPolicy, request: RoutedRequest): TrafficSettings {
  const scopes: readonly ScopedSettings[] = [
    policy,
    ...(policy.callers ?? []).filter(({ match }) => isMatch(match, request)),
  ];
  // A method's settings go before those of all methods, whoever states them: Dubbo's order.
  const settings: TrafficSettings[] = [
    ...scopes,
    ...scopes.flatMap(({ methods = [] }) =>
      methods.filter(({ method }) => method === request.method),
    ),
  ];
  let result: TrafficSettings = {};
  for (const { loadBalancing, timeout, perTryTimeout, retries } of settings)
    result = {
      ...result,
      ...(loadBalancing && { loadBalancing }),
      ...(timeout && { timeout }),
      ...(perTryTimeout && { perTryTimeout }),
      ...(retries && { retries }),
    };
  return result;
}

/**
 * The endpoints that a request may go to, in their order; none when it is refused.
 * @param random draws a destination: in [0, 1)
 */
export function routed(
  policy: TrafficPolicy | undefined,
  request: RoutedRequest,
  endpoints: readonly Endpoint[],
  random: () => number = Math.random,
): readonly Endpoint[] {
  let left = endpoints;
  for (const { to } of steps(policy, request, endpoints, random)) left = to;
  return left;
}

/** What has left a request nowhere to go. */
export interface Refusal {
  readonly stage: RoutingStage;
  /** The one of its routes that counted. */
  readonly route: TrafficRoute;
}

/** What refuses a request, where {@link routed} gives nothing of what there is; otherwise undefined. */
export function refusal(
  policy: TrafficPolicy | undefined,
  request: RoutedRequest,
  endpoints: readonly Endpoint[],
  random: () => number = Math.random,
): Refusal | undefined {
  for (const { stage, route, from, to } of steps(policy, request, endpoints, random))
    if (route !== undefined && from.length > 0 && to.length === 0) return { stage, route };
  return undefined;
}

interface Step {
  readonly stage: RoutingStage;
  readonly route: TrafficRoute | undefined;
  readonly from: readonly Endpoint[];
  readonly to: readonly Endpoint[];
}

function* steps(
  policy: TrafficPolicy | undefined,
  request: RoutedRequest,
  endpoints: readonly Endpoint[],
  random: () => number,
): Generator<Step> {
  let from = endpoints;
  for (const stage of policy?.routing ?? []) {
    const route = stage.value.find(({ match }) => isMatch(match, request));
    const to = route === undefined ? from : passed(route, request, from, random);
    yield { stage, route, from, to };
    from = to;
  }
}

function passed(
  route: TrafficRoute,
  request: RoutedRequest,
  endpoints: readonly Endpoint[],
  random: () => number,
): readonly Endpoint[] {
  if (endpoints.length === 0) return endpoints;
  if (route.to.length === 0) return [];
  const found = route.to
    .map(({ weight, selector }) => ({ weight, selected: select(selector, endpoints, request) }))
    .filter(({ selected }) => selected.length > 0);
  if (found.length > 0) return drawn(found, random);
  const { otherwise } = route;
  switch (otherwise.type) {
    case 'all':
      return endpoints;
    case 'none':
      return [];
    case 'select':
      return select(otherwise.selector, endpoints, request);
  }
}

function drawn(
  found: readonly { readonly weight: number; readonly selected: readonly Endpoint[] }[],
  random: () => number,
): readonly Endpoint[] {
  let at = random() * found.reduce((sum, { weight }) => sum + weight, 0);
  for (const { weight, selected } of found) {
    at -= weight;
    if (at < 0) return selected;
  }
  return found[0]?.selected ?? [];
}

/** The endpoints that a selector selects. */
export function select(
  selector: EndpointSelector,
  endpoints: readonly Endpoint[],
  { caller }: Pick<RoutedRequest, 'caller'> = {},
): readonly Endpoint[] {
  return endpoints.filter((endpoint) =>
    selector.every((condition) => isSelected(condition, endpoint, caller)),
  );
}

function isSelected(
  condition: EndpointCondition,
  endpoint: Endpoint,
  caller: RoutedRequest['caller'],
): boolean {
  const [text, ...others] = textsOf(condition, endpoint);
  if (others.length === 0) return holds(condition, text, caller);
  // Under several names: none of them may be refused, and one of them is enough.
  const refused: Condition = { any: [], none: condition.none };
  return (
    [text, ...others].every((name) => holds(refused, name, caller)) &&
    [text, ...others].some((name) => holds(condition, name, caller))
  );
}

function textsOf({ of }: EndpointCondition, endpoint: Endpoint): readonly (string | undefined)[] {
  const { address, hostname, port, metadata } = endpoint;
  const hosts = hostname === undefined ? [address] : [address, hostname];
  switch (of.type) {
    case 'address':
      return hosts;
    case 'port':
      return [String(port)];
    case 'authority':
      return hosts.map((host) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`));
    case 'metadata':
      return [Object.hasOwn(metadata, of.key) ? metadata[of.key] : undefined];
  }
}

function isMatch(conditions: readonly RequestCondition[], request: RoutedRequest): boolean {
  return conditions.every((condition) =>
    holds(condition, textOf(condition, request), request.caller),
  );
}

function textOf(
  { of }: RequestCondition,
  { method, headers = {}, caller = {} }: RoutedRequest,
): string | undefined {
  switch (of.type) {
    case 'method':
      return method;
    case 'header': {
      const name = of.name.toLowerCase();
      return Object.hasOwn(headers, name) ? headers[name] : undefined;
    }
    case 'caller':
      return Object.hasOwn(caller, of.label) ? caller[of.label] : undefined;
  }
}
