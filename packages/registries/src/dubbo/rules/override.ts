import {
  type EndpointCondition,
  type EndpointSelector,
  holds,
  type PolicyOrigin,
  type RequestCondition,
  type ValueMatch,
} from '@meshkeeper/mesh';
import { serviceOf } from '../decode-url.ts';
import { dubboKeyOf } from '../service-key.ts';
import type { DubboUrl } from '../url.ts';
import { ANY_HOST, address } from './pattern.ts';
import { RuleError } from './rule-error.ts';

/** Parameters that a rule sets, and where; Dubbo's `Configurator`. */
export interface Override {
  /** Where it is applied: a provider's are in its registration, as soon as it has seen the rule. */
  readonly side: 'provider' | 'consumer';
  /** `group/interface:version`, or `*`. */
  readonly service: string;
  /** What else its service must be. */
  readonly services?: readonly ValueMatch[];
  /** Which providers. */
  readonly endpoints: EndpointSelector;
  /** Which consumers; of a provider's side none are stated. */
  readonly callers: readonly RequestCondition[];
  readonly parameters: ReadonlyMap<string, string>;
  /** Sets only what isn't stated: `absent://`. */
  readonly absent: boolean;
  /** In which order they are applied: see `inOrder`. */
  readonly level: Level;
  readonly host: string;
  readonly priority: number;
  readonly origin: PolicyOrigin;
}

/** Where a rule stands: below an interface, or at an application's or a service's key. The later wins. */
export const LEVELS = ['url', 'application', 'service'] as const;
export type Level = (typeof LEVELS)[number];

/** What version 3.0 of the rules can ask besides. */
export interface OverrideMatch {
  readonly address?: readonly ValueMatch[];
  readonly providerAddress?: readonly ValueMatch[];
  readonly service?: readonly ValueMatch[];
  readonly application?: readonly ValueMatch[];
  readonly parameters: readonly EndpointCondition[];
}

const ANY = '*';
/** Parameters that say where an override is applied, and are not set. `AbstractConfigurator`. */
const CONDITIONS = new Set([
  ...['category', 'check', 'dynamic', 'enabled', 'group', 'version', 'application', 'side'],
  ...['configVersion', 'compatible_config', 'interfaces'],
]);

/**
 * The overrides of one URL: `override://0.0.0.0/com.foo.A?timeout=100`. One of before version 2.7 is
 * for both sides, where it doesn't name one.
 * @throws RuleError when it can't be applied
 */
export function overridesOf(
  url: DubboUrl,
  level: Level,
  origin: PolicyOrigin,
  match?: OverrideMatch,
): readonly Override[] {
  const { protocol, parameters } = url;
  if (protocol === 'empty') return [];
  if (protocol !== 'override' && protocol !== 'absent')
    throw new RuleError(`a configurator of type ${protocol} is not known`);
  const stated = parameters.get('enabled');
  if (stated !== undefined && stated !== '' && stated.toLowerCase() !== 'true') return [];
  const set = new Map(
    [...parameters].filter(([name]) => !CONDITIONS.has(name) && !name.startsWith('~')),
  );
  if ([...set.keys()].every((name) => name === 'anyhost')) return [];
  const version = parameters.get('configVersion') ?? '';
  const side = parameters.get('side');
  if (version !== '' && side !== 'provider' && side !== 'consumer')
    throw new RuleError('it names no side, provider or consumer: Dubbo applies it to none');
  const priority = Number(parameters.get('priority') ?? 0);
  const common = {
    service: serviceKeyOf(url),
    parameters: set,
    absent: protocol === 'absent',
    ...{ level, host: url.host, priority: Number.isFinite(priority) ? priority : 0, origin },
    ...(match?.service && { services: match.service }),
  };
  const sides = (['provider', 'consumer'] as const).filter(
    (each) => side === undefined || side === ANY || side === each,
  );
  return sides
    .filter((each) => version !== '' || isOfOldFor(each, url))
    .map((each) => ({ ...common, side: each, ...conditionsOf(each, url, version, match) }));
}

/** Before version 2.7 one address, without a port, was a consumer's. */
function isOfOldFor(side: Override['side'], { host, port }: DubboUrl): boolean {
  return side === 'consumer' || port !== undefined || host === ANY_HOST;
}

function conditionsOf(
  side: Override['side'],
  url: DubboUrl,
  version: string,
  match: OverrideMatch | undefined,
): Pick<Override, 'endpoints' | 'callers'> {
  const { host, port, user, parameters } = url;
  const endpoints: EndpointCondition[] = [];
  const callers: RequestCondition[] = [];
  const atCaller = (label: string, any: readonly ValueMatch[]) =>
    callers.push({ of: { type: 'caller', label }, any, none: [] });
  const atEndpoint = (of: EndpointCondition['of'], any: readonly ValueMatch[]) =>
    endpoints.push({ of, any, none: [] });
  // An address with a port is a provider's, wherever the override is applied. From 2.7 on the port
  // is not looked at here: `providerAddresses` has it.
  const isProvider = side === 'provider' || (version === '' && port !== undefined);
  if (host !== ANY_HOST) {
    const exact: readonly ValueMatch[] = [{ type: 'exact', value: host }];
    if (isProvider) atEndpoint({ type: 'address' }, exact);
    else atCaller('host', exact);
  }
  if (version === '' && port !== undefined)
    atEndpoint({ type: 'port' }, [{ type: 'exact', value: String(port) }]);
  const providers = (parameters.get('providerAddresses') ?? '')
    .split(',')
    .filter((one) => one !== '');
  if (providers.length > 0) atEndpoint({ type: 'authority' }, providers.map(address));
  const ofApplication = (any: readonly ValueMatch[]) =>
    side === 'provider'
      ? atEndpoint({ type: 'metadata', key: 'application' }, any)
      : atCaller('application', any);
  const application = parameters.get('application') ?? user?.split(':')[0];
  if (application !== undefined && application !== ANY)
    ofApplication([{ type: 'exact', value: application }]);
  if (!version.startsWith('v3.0'))
    for (const [name, value] of parameters)
      if (name.startsWith('~') && value !== ANY)
        atEndpoint({ type: 'metadata', key: name.slice(1) }, [{ type: 'exact', value }]);
  if (match?.address !== undefined && side === 'provider')
    atEndpoint({ type: 'address' }, match.address);
  if (match?.address !== undefined && side === 'consumer') atCaller('host', match.address);
  if (match?.providerAddress !== undefined)
    atEndpoint({ type: 'authority' }, match.providerAddress);
  if (match?.application !== undefined) ofApplication(match.application);
  endpoints.push(...(match?.parameters ?? []));
  return { endpoints, callers };
}

function serviceKeyOf(url: DubboUrl): string {
  return dubboKeyOf(serviceOf(url));
}

/** Whether an override is for the service of this key, `group/interface:version`. */
export function isForService({ service, services }: Override, key: string): boolean {
  if (service !== ANY && service !== key) return false;
  return services === undefined || holds({ any: services, none: [] }, key);
}

/**
 * Overrides in the order in which Dubbo applies them: those below the interface, those of the
 * application, those of the service; in each, first those for anybody, then by priority.
 */
export function inOrder(overrides: readonly Override[]): readonly Override[] {
  return overrides.toSorted(
    (a, b) =>
      LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) ||
      compare(a.host, b.host) ||
      a.priority - b.priority,
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
