import {
  type CallerSettings,
  type Endpoint,
  type EndpointSettings,
  type PolicyOrigin,
  type RequestCondition,
  type RoutingStage,
  select,
  type TrafficPolicy,
} from '@meshkeeper/mesh';
import { endpointOf, type Offer } from '../offer.ts';
import { dubboKeyOf, keyOf } from '../service-key.ts';
import { agreedOf } from './agreed.ts';
import type { CompiledRule, RuleEffect } from './compiled-rule.ts';
import { inOrder, isForService, type Override } from './override.ts';
import { type StatedParameter, settingNames, settingsOf } from './settings.ts';
import { type TagRule, tagStage } from './tag-rule.ts';

/** An endpoint with what the rules have made of it. */
export interface Ruled {
  readonly endpoint: Endpoint;
  /** Which overrides have hit it. */
  readonly overrides: readonly Override[];
  /** Its parameters that are settings of the traffic. */
  readonly settings: ReadonlyMap<string, StatedParameter>;
}

const NONE: readonly Override[] = [];
/** What overrides carry besides what they set. */
const NOT_SET = new Set(['providerAddresses', 'anyhost', 'priority']);

/** The rules that are about one service, applied to what offers it. */
export class RuleSet {
  readonly #rules: readonly CompiledRule[];
  readonly #providers: ReadonlySet<string>;
  readonly #callers: ReadonlySet<string>;
  readonly #onEndpoints: readonly Override[];
  readonly #ofCallers: readonly CallerSettings[];
  readonly #tags: TagRule | undefined;
  readonly #stages: readonly RoutingStage[];
  readonly #ruled = new WeakMap<Offer, Ruled>();

  /**
   * @param base the service's name without a protocol
   * @param providers the applications that offer it
   * @param callers the applications that call it
   */
  constructor(
    base: string,
    rules: readonly CompiledRule[],
    providers: ReadonlySet<string>,
    callers: ReadonlySet<string>,
  ) {
    this.#rules = rules;
    this.#providers = providers;
    this.#callers = callers;
    const key = dubboKeyOf(keyOf(base));
    const overrides = rules
      .flatMap(({ effect }) => (effect.type === 'overrides' ? effect.overrides : []))
      .filter((override) => isForService(override, key));
    const of = (side: Override['side']) =>
      inOrder(overrides.filter((override) => override.side === side));
    this.#onEndpoints = [...of('provider'), ...of('consumer')].filter(
      (override) => override.callers.length === 0,
    );
    this.#ofCallers = of('consumer')
      .filter((override) => override.callers.length > 0 && override.endpoints.length === 0)
      .map(callerSettings)
      .filter((settings) => Object.keys(settings).length > 1);
    this.#tags = rules.flatMap(({ effect }) => (effect.type === 'tags' ? [effect.tags] : []))[0];
    this.#stages = stagesOf(rules, providers, callers);
  }

  /** Whether it would be made of these again. */
  isMadeOf(
    rules: readonly CompiledRule[],
    providers: ReadonlySet<string>,
    callers: ReadonlySet<string>,
  ): boolean {
    return (
      rules.length === this.#rules.length &&
      rules.every((rule, i) => rule === this.#rules[i]) &&
      isSame(providers, this.#providers) &&
      isSame(callers, this.#callers)
    );
  }

  /** An offer's endpoint as the rules have it; the very one that is offered where none hits it. */
  ruled(offer: Offer): Ruled {
    const known = this.#ruled.get(offer);
    if (known !== undefined) return known;
    const ruled = this.#onEndpoints.length === 0 ? unruled(offer) : hit(offer, this.#onEndpoints);
    this.#ruled.set(offer, ruled);
    return ruled;
  }

  /** What is stated of the service; undefined when nothing is. */
  policy(ruled: readonly Ruled[]): TrafficPolicy | undefined {
    const tags = tagStage(
      this.#tags,
      ruled.map(({ endpoint }) => endpoint),
      originOf,
    );
    const routing = tags === undefined ? this.#stages : [tags, ...this.#stages];
    const hits = new Set(ruled.flatMap(({ overrides }) => overrides));
    const endpoints = this.#onEndpoints.filter((each) => hits.has(each)).map(endpointSettings);
    const callers = this.#ofCallers;
    const policy: TrafficPolicy = {
      ...settingsOf(agreedOf(ruled.map(({ settings }) => settings))),
      ...(callers.length > 0 && { callers }),
      ...(endpoints.length > 0 && { endpoints }),
      ...(routing.length > 0 && { routing }),
    };
    return Object.keys(policy).length === 0 ? undefined : policy;
  }
}

/** Dubbo's order: conditions of the service, of the provider's application, of the consumer's. */
function stagesOf(
  rules: readonly CompiledRule[],
  providers: ReadonlySet<string>,
  callers: ReadonlySet<string>,
): readonly RoutingStage[] {
  const found = rules.filter(
    (rule): rule is CompiledRule & { effect: Extract<RuleEffect, { type: 'stages' }> } =>
      rule.effect.type === 'stages',
  );
  const of = (wanted: (target: CompiledRule['rule']['target']) => boolean) =>
    found.filter(({ rule }) => wanted(rule.target)).flatMap(({ effect }) => effect.stages);
  return [
    ...of((target) => target.type === 'service'),
    ...of((target) => target.type === 'application' && providers.has(target.application)),
    ...found.flatMap(({ rule: { target }, effect }) =>
      target.type === 'application' && callers.has(target.application)
        ? effect.stages.map((stage) => ofCaller(stage, target.application))
        : [],
    ),
  ];
}

function ofCaller(stage: RoutingStage, application: string): RoutingStage {
  const is: RequestCondition = {
    of: { type: 'caller', label: 'application' },
    any: [{ type: 'exact', value: application }],
    none: [],
  };
  return {
    ...stage,
    value: stage.value.map((route) => ({ ...route, match: [is, ...route.match] })),
  };
}

function callerSettings({ callers, parameters, origin }: Override): CallerSettings {
  const names = settingNames(parameters.keys(), undefined);
  const stated = names.map(
    (name) => [name, { value: parameters.get(name) ?? '', origin }] as const,
  );
  return { match: callers, ...settingsOf(new Map(stated)) };
}

function endpointSettings({ endpoints, parameters, origin }: Override): EndpointSettings {
  return {
    selector: endpoints,
    value: [...parameters].filter(([name]) => !NOT_SET.has(name)),
    origin,
  };
}

function unruled({ endpoint }: Offer): Ruled {
  return { endpoint, overrides: NONE, settings: statedBy(endpoint, new Map()) };
}

function hit(offer: Offer, overrides: readonly Override[]): Ruled {
  const { endpoint: before, protocol, since } = offer;
  const parameters = new Map(Object.entries(before.metadata));
  const setBy = new Map<string, PolicyOrigin>();
  const hits: Override[] = [];
  let endpoint = before;
  for (const override of overrides) {
    // Each sees what the ones before it have set.
    if (select(override.endpoints, [endpoint]).length === 0) continue;
    hits.push(override);
    for (const [name, value] of override.parameters) {
      if (override.absent && parameters.has(name)) continue;
      parameters.set(name, value);
      setBy.set(name, override.origin);
    }
    endpoint = { ...before, metadata: Object.fromEntries(parameters) };
  }
  if (hits.length === 0) return unruled(offer);
  const { address: host, port, locality, origin } = before;
  const path = parameters.get('path') ?? parameters.get('interface') ?? '';
  const made = endpointOf({
    ...{ protocol, host, port, path, since },
    ...{ parameters, locality, origin },
  });
  return { endpoint: made, overrides: hits, settings: statedBy(made, setBy) };
}

/** The settings among an endpoint's parameters, each with who has set it. */
function statedBy(
  endpoint: Endpoint,
  setBy: ReadonlyMap<string, PolicyOrigin>,
): ReadonlyMap<string, StatedParameter> {
  const { metadata } = endpoint;
  const names = settingNames(Object.keys(metadata), metadata.methods);
  if (names.length === 0) return NOTHING_STATED;
  return new Map(
    names.map((name) => [
      name,
      { value: metadata[name] ?? '', origin: setBy.get(name) ?? originOf(endpoint) },
    ]),
  );
}

const NOTHING_STATED: ReadonlyMap<string, StatedParameter> = new Map();

function originOf({ origin: { registry, path } }: Endpoint): PolicyOrigin {
  return { source: registry, path };
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && a.isSubsetOf(b);
}
