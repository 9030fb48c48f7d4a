import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldMatch, Policies, RequestMatch, TrafficRule } from '@meshkeeper/mesh';
import {
  compilePolicies,
  type GRPCRoute,
  type HTTPRoute,
  type Policy,
  policyId,
} from '@meshkeeper/policy';
import fc from 'fast-check';
import { scene } from './scenes.ts';

const SERVICES = ['orders', 'carts'];
const RUNS = process.env.MESHKEEPER_SOAK ? 20_000 : 500;

interface Request {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  /** By lower-cased name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

const fields = (...names: string[]) =>
  fc.dictionary(fc.constantFrom(...names), fc.constantFrom('1', '2', '12'));
const requests = (paths: readonly string[]): fc.Arbitrary<Request> =>
  fc.record({
    host: fc.constantFrom(
      'a.example.com',
      'b.example.com',
      'c.b.example.com',
      'd.b.example.com',
      'example.com',
      'example.org',
    ),
    path: fc.constantFrom(...paths),
    method: fc.constantFrom('GET', 'POST'),
    headers: fields('x-one', 'x-two'),
    query: fields('q', 'Q'),
  });
const pages = requests(['/', '/a', '/a/', '/a/b', '/a/b/c/d', '/ab', '/b']);
const calls = requests(['/a.B/Get', '/a.B/List', '/a.Bee/Get', '/a.Bee/Got', '/c/Get', '/c/d/Get']);

describe('of the rules that fit a request the first of the list is the one that Gateway API chooses', () => {
  test('of HTTP, at a listener and at a service', () => {
    let chosen = 0;
    fc.assert(
      fc.property(
        scene('HTTPRoute', 'Gateway'),
        fc.array(pages, { minLength: 5 }),
        (all, asked) => {
          for (const request of asked) chosen += assertChosen(all, request, httpChoices);
        },
      ),
      { numRuns: RUNS },
    );
    assert.ok(chosen > RUNS, 'most of the time there is something to choose');
  });

  test('of gRPC', () => {
    let chosen = 0;
    fc.assert(
      fc.property(
        scene('GRPCRoute', 'Gateway'),
        fc.array(calls, { minLength: 5 }),
        (all, asked) => {
          for (const request of asked) chosen += assertChosen(all, request, grpcChoices);
        },
      ),
      { numRuns: RUNS },
    );
    assert.ok(chosen > RUNS, 'most of the time there is something to choose');
  });
});

/** Of all listeners and services. @returns how many times there was something to choose */
function assertChosen(all: readonly Policy[], request: Request, choicesOf: ChoicesOf): number {
  const compiled = compilePolicies(all);
  let chosen = 0;
  const assertRule = (rules: readonly TrafficRule[], parent: Parent, where: string) => {
    const rule = rules.find(({ match }) => fits(match, request));
    const choices = all.flatMap((route) => choicesOf(route, parent, request));
    const wanted = choices.sort(compare)[0];
    const text = rule && `${rule.origin.path} ${rule.name}`;
    assert.equal(text, wanted?.rule, `${where}: ${JSON.stringify(request)}`);
    chosen += choices.length > 1 ? 1 : 0;
  };
  for (const { name: gateway, listeners } of compiled.gateways)
    for (const { name: section, port, hostname, protocol, hosts } of listeners) {
      if (protocol !== 'http') continue;
      const parent = { gateway, section, port, hostname };
      if (hostname === undefined || isFor(hostname, request.host))
        assertRule(rulesFor(hosts, request.host), parent, `${gateway} ${section}`);
    }
  for (const service of SERVICES) {
    const { rules = [], hosts = new Map() } = routesOf(compiled, service);
    assertRule(rules, { services: [service], own: true }, service);
    const parent = { services: [service], own: false };
    assertRule(rulesFor(hosts, request.host), parent, `${service}, by host`);
    const added = compiled.addedHosts((name) => name === service);
    assertRule(rulesFor(added, request.host), parent, `${service}, by host, seen alone`);
  }
  const added = rulesFor(
    compiled.addedHosts(() => true),
    request.host,
  );
  assertRule(added, { services: SERVICES, own: false }, 'by host, of all services');
  return chosen;
}

function routesOf(compiled: Policies, service: string) {
  return compiled.routes.get(service) ?? { hosts: new Map<string, readonly TrafficRule[]>() };
}

// What a data plane does with the model.

function rulesFor(
  hosts: ReadonlyMap<string, readonly TrafficRule[]>,
  host: string,
): readonly TrafficRule[] {
  const labels = host.split('.');
  const wild = labels.map((_, i) => ['*', ...labels.slice(i + 1)].join('.'));
  for (const name of [host, ...wild]) if (hosts.has(name)) return hosts.get(name)!;
  return [];
}

function fits(match: RequestMatch, { path, method, headers, query }: Request): boolean {
  const { type, value } = match.path;
  const fit = {
    exact: () => path === value,
    prefix: () => value === '/' || path === value || path.startsWith(`${value}/`),
    regex: () => new RegExp(`^(?:${value})$`).test(path),
  };
  const has = (of: Readonly<Record<string, string>>) => (field: FieldMatch) => {
    const text = of[field.name];
    if (text === undefined) return false;
    return field.type === 'exact'
      ? text === field.value
      : new RegExp(`^(?:${field.value})$`).test(text);
  };
  return (
    fit[type]() &&
    (match.method === undefined || match.method === method) &&
    match.headers.every(has(headers)) &&
    match.query.every(has(query))
  );
}

// What Gateway API says, from its text.

/** A listener; or services, for their own host names or for others. */
type Parent =
  | {
      readonly gateway: string;
      readonly section: string;
      readonly port: number;
      readonly hostname: string | undefined;
    }
  | { readonly services: readonly string[]; readonly own: boolean };

/** A rule with a match that the request fits, and what Gateway API compares: more counts, then names. */
interface Choice {
  readonly rule: string;
  readonly more: readonly number[];
  readonly route: string;
  readonly index: number;
}

type ChoicesOf = (policy: Policy, parent: Parent, request: Request) => Choice[];

function compare(a: Choice, b: Choice): number {
  for (const [i, number] of a.more.entries()) if (number !== b.more[i]) return b.more[i]! - number;
  if (a.route !== b.route) return a.route < b.route ? -1 : 1;
  return a.index - b.index;
}

const httpChoices: ChoicesOf = (policy, parent, request) => {
  const host = policy.kind === 'HTTPRoute' ? hostOf(policy, parent, request) : undefined;
  if (policy.kind !== 'HTTPRoute' || host === undefined) return [];
  return policy.spec.rules.flatMap(({ matches }, index) =>
    (matches.length === 0 ? [ANY_PATH] : matches)
      .filter((match) => isHttpMatch(match, request))
      .map((match) => {
        const { path, method } = match;
        const value = path.type === 'PathPrefix' ? path.value.replace(/(.)\/$/, '$1') : path.value;
        const headers = new Set(match.headers?.map(({ name }) => name.toLowerCase())).size;
        return choice(policy, index, [
          ...host,
          path.type === 'Exact' ? 1 : 0,
          path.type === 'RegularExpression' ? 1 : 0, // up to the implementation
          path.type === 'Exact' ? 0 : value.length,
          method === undefined ? 0 : 1,
          headers,
          match.queryParams?.length ?? 0,
        ]);
      }),
  );
};

const ANY_PATH: HTTPMatch = { path: { type: 'PathPrefix', value: '/' } };

type HTTPMatch = HTTPRoute['spec']['rules'][number]['matches'][number];
type Field = NonNullable<HTTPMatch['headers']>[number];

function isHttpMatch(
  { path: { type, value }, method, headers, queryParams = [] }: HTTPMatch,
  request: Request,
): boolean {
  const elements = (path: string) => path.split('/').filter((element) => element !== '');
  const isPath = {
    Exact: () => request.path === value,
    // "matching is … done on a path element by element basis"
    PathPrefix: () => elements(value).every((element, i) => elements(request.path)[i] === element),
    RegularExpression: () => new RegExp(`^(${value})$`).test(request.path),
  };
  return (
    isPath[type]() &&
    (method ?? request.method) === request.method &&
    isHeaderMatch(headers, request) &&
    queryParams.every((field) => isField(field, request.query[field.name]))
  );
}

/** "If multiple entries specify equivalent header names, only the first …": in upper and lower case. */
function isHeaderMatch(headers: readonly Field[] = [], request: Request): boolean {
  const first = new Map(headers.toReversed().map((field) => [field.name.toLowerCase(), field]));
  return [...first].every(([name, field]) => isField(field, request.headers[name]));
}

function isField({ type, value }: Field, text: string | undefined): boolean {
  if (text === undefined) return false;
  return type === 'Exact' ? text === value : new RegExp(`^(${value})$`).test(text);
}

const grpcChoices: ChoicesOf = (policy, parent, request) => {
  const host = policy.kind === 'GRPCRoute' ? hostOf(policy, parent, request) : undefined;
  if (policy.kind !== 'GRPCRoute' || host === undefined) return [];
  const [, called = '', invoked = '', ...rest] = request.path.split('/');
  return (policy.spec.rules ?? []).flatMap(({ matches = [] }, index) =>
    (matches.length === 0 ? [{}] : matches)
      .filter(({ method, headers }) => {
        const { type = 'Exact', service, method: name } = method ?? {};
        const is = (wanted: string | undefined, text: string) =>
          wanted === undefined ||
          (type === 'Exact' ? wanted === text : new RegExp(`^(${wanted})$`).test(text));
        // A path of three parts is no call; only a match of all, or of a service, may see one.
        const isCall = rest.length === 0 || (type === 'Exact' && name === undefined);
        return (
          isCall && is(service, called) && is(name, invoked) && isHeaderMatch(headers, request)
        );
      })
      .map(({ method, headers }) =>
        choice(policy, index, [
          ...host,
          method !== undefined && method.type === 'Exact' ? 1 : 0, // up to the implementation
          method?.service?.length ?? 0,
          method?.method?.length ?? 0,
          new Set(headers?.map(({ name }) => name.toLowerCase())).size,
        ]),
      ),
  );
};

function choice(route: HTTPRoute | GRPCRoute, index: number, more: readonly number[]): Choice {
  const { namespace = '', name } = route.metadata;
  return { rule: `${policyId(route)} #${index}`, more, route: `${namespace}/${name}`, index };
}

/**
 * How exactly a route is for the host of a request: the characters of a host name without a wildcard,
 * then of any; undefined where it isn't, or isn't attached.
 */
function hostOf(
  { spec: { parentRefs = [], hostnames = [] } }: HTTPRoute | GRPCRoute,
  parent: Parent,
  { host }: Request,
): readonly [number, number] | undefined {
  if ('services' in parent) {
    const { services } = parent;
    if (!parentRefs.some(({ kind, name }) => kind === 'Service' && services.includes(name)))
      return undefined;
    if (parent.own !== (hostnames.length === 0)) return undefined;
    return parent.own ? [0, 0] : exactness(hostnames, host);
  }
  const isAttached = parentRefs.some(
    ({ kind, name, sectionName = parent.section, port = parent.port }) =>
      kind === 'Gateway' &&
      name === parent.gateway &&
      sectionName === parent.section &&
      port === parent.port,
  );
  if (!isAttached) return undefined;
  // A host that the route and the listener both name counts as the more exact of the two.
  const listener = parent.hostname === undefined ? [] : [parent.hostname];
  if (hostnames.length === 0) return exactness(listener, host) ?? [0, 0];
  if (exactness(hostnames, host) === undefined) return undefined;
  return exactness([...hostnames.filter((name) => isFor(name, host)), ...listener], host);
}

function exactness(
  hostnames: readonly string[],
  host: string,
): readonly [number, number] | undefined {
  const fitting = hostnames.filter((name) => isFor(name, host));
  if (fitting.length === 0) return undefined;
  const precise = fitting.filter((name) => !name.startsWith('*'));
  const longest = (names: readonly string[]) => Math.max(0, ...names.map(({ length }) => length));
  return [longest(precise), longest(fitting)];
}

function isFor(hostname: string, host: string): boolean {
  return hostname.startsWith('*.') ? host.endsWith(hostname.slice(1)) : hostname === host;
}
