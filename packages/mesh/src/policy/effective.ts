import type { Protocol, Service } from '../model/service.ts';
import type { Balancing } from './model/balancing.ts';
import type { Policies } from './model/policies.ts';
import { RETRY_DEFAULTS, type RetrySettings } from './model/retry-settings.ts';
import type { ServiceSettings } from './model/service-settings.ts';
import { type NotApplied, notApplied } from './not-applied.ts';
import { registryBalancing } from './registry-balancing.ts';
import type { Stated } from './stated.ts';
import type { LoadBalancing, TrafficPolicy, TrafficSettings } from './traffic-policy.ts';

/** A setting that holds, who says so, and who says otherwise in vain, the strongest first. */
export interface Effective<T, Other = T> extends Stated<T> {
  readonly overridden: readonly Stated<Other>[];
}

/** How long requests may take, and how often they are tried. What nobody states is the data plane's default. */
export interface EffectiveTries {
  /** Milliseconds for a request with all of its tries; 0 is no limit. */
  readonly timeout?: Effective<number>;
  /** Milliseconds for one try; 0 is no limit. */
  readonly perTryTimeout?: Effective<number>;
  /** A registry states only how often; the rest is {@link RETRY_DEFAULTS}. */
  readonly retries?: Effective<RetrySettings, number>;
}

/** The same of a method. */
export interface EffectiveMethod extends EffectiveTries {
  readonly method: string;
}

/** What holds of how requests are sent to a service, of all that is stated. Rules go before it. */
export interface EffectivePolicy extends EffectiveTries {
  readonly balancing?: Effective<Balancing, LoadBalancing>;
  /** Those of which something is stated, each once: all that holds of them. */
  readonly methods: readonly EffectiveMethod[];
  /** What is stated and no data plane does. */
  readonly notApplied: readonly NotApplied[];
}

/** A result, and what it was made of besides its key. */
interface Remembered {
  readonly settings: ServiceSettings | undefined;
  readonly result: EffectivePolicy;
}

const NOTHING_STATED: EffectivePolicy = Object.freeze({ methods: [], notApplied: [] });

/**
 * By what the registry, or else an operator, states: asked for each service that changes, mostly since
 * its endpoints have. Of each the last result, by protocol.
 */
const remembered = new WeakMap<TrafficPolicy | ServiceSettings, Map<Protocol, Remembered>>();

/**
 * What holds of how requests are sent to a service: what an operator states, else what the registry
 * states of a method, else what it states of the service. The same object while neither changes.
 */
export function effective(
  { name, protocol: registered, policy }: Pick<Service, 'name' | 'protocol' | 'policy'>,
  policies: Policies,
): EffectivePolicy {
  const settings = policies.settings(name);
  const protocol = settings?.protocol ?? registered;
  const key = policy ?? settings;
  if (key === undefined) return NOTHING_STATED;
  const known = remembered.get(key) ?? new Map<Protocol, Remembered>();
  const last = known.get(protocol);
  if (last !== undefined && last.settings === settings) return last.result;
  const result = effectiveOf(policy ?? {}, settings, protocol);
  remembered.set(key, known.set(protocol, { settings, result }));
  return result;
}

function effectiveOf(
  policy: TrafficPolicy,
  settings: ServiceSettings | undefined,
  protocol: Protocol,
): EffectivePolicy {
  // Who passes connections on sees no requests that could be timed, or tried again.
  const hasRequests = protocol !== 'tcp' && protocol !== 'dubbo';
  return {
    ...balancingOf(policy, settings),
    ...(hasRequests && triesOf([policy], settings)),
    methods: (hasRequests ? (policy.methods ?? []) : []).map((method) => ({
      method: method.method,
      ...triesOf([method, policy], settings),
    })),
    notApplied: notApplied(policy, hasRequests, settings?.balancing !== undefined),
  };
}

function balancingOf(
  { loadBalancing }: TrafficPolicy,
  settings: ServiceSettings | undefined,
): Pick<EffectivePolicy, 'balancing'> {
  const value = loadBalancing && registryBalancing(loadBalancing.value);
  const registry = loadBalancing === undefined ? [] : [loadBalancing];
  if (settings?.balancing !== undefined) {
    const { balancing, origin } = settings;
    return { balancing: { value: balancing, origin, overridden: registry } };
  }
  if (loadBalancing === undefined || value === undefined) return {};
  return { balancing: { value, origin: loadBalancing.origin, overridden: [] } };
}

/** @param stated by a registry, the strongest first */
function triesOf(
  stated: readonly TrafficSettings[],
  settings: ServiceSettings | undefined,
): EffectiveTries {
  const timeouts = settings?.timeouts ?? {};
  const timeout = strongest(said(timeouts.request, settings), stated, 'timeout');
  const perTryTimeout = strongest(said(timeouts.perTry, settings), stated, 'perTryTimeout');
  const retries = retriesOf(stated, settings);
  return {
    ...(timeout && { timeout }),
    ...(perTryTimeout && { perTryTimeout }),
    ...(retries && { retries }),
  };
}

function strongest(
  operator: Stated<number> | undefined,
  stated: readonly TrafficSettings[],
  field: 'timeout' | 'perTryTimeout',
): Effective<number> | undefined {
  const [first, ...overridden] = [operator, ...stated.map((settings) => settings[field])].filter(
    (one) => one !== undefined,
  );
  return first && { ...first, overridden };
}

function retriesOf(
  stated: readonly TrafficSettings[],
  settings: ServiceSettings | undefined,
): Effective<RetrySettings, number> | undefined {
  const registry = stated.flatMap(({ retries }) => retries ?? []);
  const operator = said(settings?.retries, settings);
  if (operator !== undefined) return { ...operator, overridden: registry };
  const [first, ...overridden] = registry;
  if (first === undefined) return undefined;
  const value = { ...RETRY_DEFAULTS, attempts: first.value };
  return { value, origin: first.origin, overridden };
}

function said<T>(
  value: T | undefined,
  settings: ServiceSettings | undefined,
): Stated<T> | undefined {
  if (value === undefined || settings === undefined) return undefined;
  return { value, origin: settings.origin };
}
