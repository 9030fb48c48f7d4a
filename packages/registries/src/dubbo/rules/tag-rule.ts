import {
  type Endpoint,
  type EndpointCondition,
  type EndpointSelector,
  type PolicyOrigin,
  type RequestCondition,
  type RoutingStage,
  select,
  type TrafficRoute,
  type ValueMatch,
} from '@meshkeeper/mesh';
import { addressKey } from '../../decode/address.ts';
import { parameterMatch } from './configurators.ts';
import { flag, mappingOf, member, scalar, scalars } from './document.ts';
import { address } from './pattern.ts';
import { RuleError } from './rule-error.ts';

/** The tag of a provider, a consumer or a request. */
const TAG = 'dubbo.tag';
/** Whether a request with a tag fails where nobody has it. */
const FORCE = 'dubbo.force.tag';
/** Between the levels of a tag: `beta|team1` is served by `beta` where there is no `beta|team1`. */
const LEVELS = '|';

/** A node `<application>.tag-router`. */
export interface TagRule {
  readonly force: boolean;
  readonly tags: readonly RuledTag[];
  readonly origin: PolicyOrigin;
}

type RuledTag = { readonly name: string } & (
  | { readonly type: 'addresses'; readonly authorities: readonly ValueMatch[] }
  /** What its providers state. */
  | { readonly type: 'match'; readonly selector: EndpointSelector }
);

/**
 * Reads a tag rule; undefined when it is switched off.
 * @throws RuleError
 */
export function tagRule(content: unknown, origin: PolicyOrigin): TagRule | undefined {
  const rule = mappingOf(content);
  if (rule === undefined) throw new RuleError('it is no mapping');
  if (!flag(member(rule, 'enabled'), true) || !flag(member(rule, 'valid'), true)) return undefined;
  const list = member(rule, 'tags');
  if (!Array.isArray(list) || list.length === 0) throw new RuleError('it has no tags');
  const version = scalar(member(rule, 'configVersion')) ?? '';
  const tags = list.flatMap((each): RuledTag[] => {
    const tag = mappingOf(each);
    const name = tag && scalar(member(tag, 'name'));
    if (tag === undefined || name === undefined) throw new RuleError('one of its tags has no name');
    const addresses = scalars(member(tag, 'addresses')) ?? [];
    if (addresses.length > 0)
      return [{ name, type: 'addresses', authorities: addresses.map(address) }];
    // Versions before don't know it.
    if (!version.startsWith('v3.0')) return [];
    const match = member(tag, 'match');
    if (!Array.isArray(match)) throw new RuleError(`tag ${name} has neither addresses nor a match`);
    return [{ name, type: 'match', selector: match.map(parameterMatch) }];
  });
  return { force: flag(member(rule, 'force'), false), tags, origin };
}

/**
 * What Dubbo's `TagStateRouter` does, as a stage; undefined where nothing is tagged. Tags are those of
 * the rule and those that the endpoints state.
 */
export function tagStage(
  rule: TagRule | undefined,
  endpoints: readonly Endpoint[],
  originOf: (endpoint: Endpoint) => PolicyOrigin,
): RoutingStage | undefined {
  const ruled = new Map<string, readonly ValueMatch[]>();
  for (const tag of rule?.tags ?? []) {
    const authorities = authoritiesOf(tag, endpoints);
    // One that nobody matches is not set.
    if (authorities.length > 0) ruled.set(tag.name, authorities);
  }
  const stated = new Map<string, PolicyOrigin>();
  for (const endpoint of endpoints) {
    const tag = endpoint.metadata[TAG] ?? '';
    if (tag !== '' && !stated.has(tag)) stated.set(tag, originOf(endpoint));
  }
  const [first] = stated.values();
  const origin = rule?.origin ?? first;
  if (origin === undefined || (ruled.size === 0 && stated.size === 0)) return undefined;
  const own = [...stated.keys()].sort();
  return { name: 'tags', value: routesOf(ruled, own, rule?.force ?? false), origin };
}

function authoritiesOf(tag: RuledTag, endpoints: readonly Endpoint[]): readonly ValueMatch[] {
  if (tag.type === 'addresses') return tag.authorities;
  return select(tag.selector, endpoints).map(({ address: host, hostname, port }) => ({
    type: 'exact',
    value: addressKey(hostname ?? host, port),
  }));
}

function routesOf(
  ruled: ReadonlyMap<string, readonly ValueMatch[]>,
  stated: readonly string[],
  force: boolean,
): TrafficRoute[] {
  const untagged: EndpointSelector = [
    ...(ruled.size === 0 ? [] : [authority([], [...ruled.values()].flat())]),
    tagIs({ type: 'absent' }),
  ];
  // The more levels a tag has the earlier it is looked for.
  const names = [...ruled.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const own = stated.filter((tag) => !ruled.has(tag));
  const routes: TrafficRoute[] = [];
  // What is sent along goes before what the consumer is.
  for (const tag of [header, label]) {
    for (const forced of [header, label]) {
      const isForced = forced(FORCE, { type: 'regex', value: '[Tt][Rr][Uu][Ee]' });
      for (const name of names)
        routes.push(route([tag(TAG, exact(name)), isForced], ruledBy(ruled, name), 'none'));
      for (const name of own)
        routes.push(route([tag(TAG, exact(name)), isForced], [tagIs(exact(name))], 'none'));
      routes.push({
        match: [tag(TAG, { type: 'present' }), isForced],
        to: [],
        otherwise: { type: 'none' },
      });
    }
    for (const name of names) {
      const below: ValueMatch = { type: 'prefix', value: `${name}${LEVELS}` };
      const match = [tag(TAG, exact(name), below)];
      routes.push(route(match, ruledBy(ruled, name), force ? 'none' : untagged));
    }
    for (const name of own)
      routes.push(route([tag(TAG, exact(name))], [tagIs(exact(name))], untagged));
    if (tag === header) routes.push(route([header(TAG, { type: 'present' })], untagged, 'none'));
  }
  routes.push(route([], untagged, 'none'));
  return routes;
}

function route(
  match: readonly RequestCondition[],
  selector: EndpointSelector,
  otherwise: 'none' | EndpointSelector,
): TrafficRoute {
  return {
    match,
    to: [{ weight: 1, selector }],
    otherwise: otherwise === 'none' ? { type: 'none' } : { type: 'select', selector: otherwise },
  };
}

function ruledBy(
  ruled: ReadonlyMap<string, readonly ValueMatch[]>,
  name: string,
): EndpointSelector {
  return [authority(ruled.get(name) ?? [], [])];
}

function authority(any: readonly ValueMatch[], none: readonly ValueMatch[]): EndpointCondition {
  return { of: { type: 'authority' }, any, none };
}

function tagIs(...any: readonly ValueMatch[]): EndpointCondition {
  return { of: { type: 'metadata', key: TAG }, any, none: [] };
}

function header(name: string, ...any: readonly ValueMatch[]): RequestCondition {
  return { of: { type: 'header', name }, any, none: [] };
}

function label(name: string, ...any: readonly ValueMatch[]): RequestCondition {
  return { of: { type: 'caller', label: name }, any, none: [] };
}

function exact(value: string): ValueMatch {
  return { type: 'exact', value };
}
