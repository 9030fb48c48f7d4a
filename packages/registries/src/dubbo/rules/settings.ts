import type {
  LoadBalancing,
  MethodSettings,
  PolicyOrigin,
  ScopedSettings,
  Stated,
  TrafficSettings,
} from '@meshkeeper/mesh';

/** Parameters of Dubbo's that are settings of the traffic. */
const NAMES = ['timeout', 'retries', 'loadbalance', 'cluster'] as const;
type Name = (typeof NAMES)[number];

const LOAD_BALANCING: ReadonlyMap<string, LoadBalancing> = new Map([
  ['random', 'random'],
  ['roundrobin', 'round-robin'],
  ['leastactive', 'least-request'],
  ['shortestresponse', 'peak-ewma'],
  ['adaptive', 'peak-ewma'],
  ['consistenthash', 'ring-hash'],
]);

/** What else ends in `.timeout`, and is no method. */
const NO_METHODS = new Set(['default', 'connect', 'heartbeat', 'shutdown', 'consumer', 'provider']);
const MAX_RETRIES = 100;

/** A parameter's value, and who says so. */
export interface StatedParameter {
  readonly value: string;
  readonly origin: PolicyOrigin;
}

/** The names of those parameters that are settings: `timeout`, `greet.timeout`. */
export function settingNames(parameters: Iterable<string>, methods: string | undefined): string[] {
  const known = methods === undefined || methods === '*' ? undefined : new Set(methods.split(','));
  const found: string[] = [];
  for (const name of parameters) {
    const dot = name.lastIndexOf('.');
    if (!isName(name.slice(dot + 1))) continue;
    const method = name.slice(0, Math.max(0, dot));
    if (dot === -1 || (known?.has(method) ?? (!method.includes('.') && !NO_METHODS.has(method))))
      found.push(name);
  }
  return found;
}

/** The settings that parameters are; what is none, or can't be read, is left out. */
export function settingsOf(parameters: ReadonlyMap<string, StatedParameter>): ScopedSettings {
  const methods = new Map<string, Map<string, StatedParameter>>();
  for (const [name, stated] of parameters) {
    const dot = name.lastIndexOf('.');
    if (dot === -1) continue;
    const method = name.slice(0, dot);
    const own = methods.get(method) ?? new Map<string, StatedParameter>();
    methods.set(method, own.set(name.slice(dot + 1), stated));
  }
  const list = [...methods]
    .map(([method, own]): MethodSettings => ({ method, ...trafficSettings(own) }))
    .filter((settings) => Object.keys(settings).length > 1)
    .sort((a, b) => (a.method < b.method ? -1 : 1));
  return { ...trafficSettings(parameters), ...(list.length > 0 && { methods: list }) };
}

function trafficSettings(parameters: ReadonlyMap<string, StatedParameter>): TrafficSettings {
  const of = (name: Name) => parameters.get(name);
  const balancing = LOAD_BALANCING.get(of('loadbalance')?.value.toLowerCase() ?? '');
  const loadBalancing = said(of('loadbalance'), balancing);
  const timeout = numberOf(of('timeout')) ?? 0;
  // Of one try: with two retries a call may take three times as long.
  const perTryTimeout = said(of('timeout'), timeout > 0 ? timeout : undefined);
  const tries = numberOf(of('retries'));
  const stated = tries === undefined ? undefined : Math.min(MAX_RETRIES, Math.max(0, tries));
  // A cluster that fails fast doesn't look at the retries.
  const failsFast = of('cluster')?.value === 'failfast';
  const retries = failsFast ? said(of('cluster'), 0) : said(of('retries'), stated);
  return {
    ...(loadBalancing && { loadBalancing }),
    ...(perTryTimeout && { perTryTimeout }),
    ...(retries && { retries }),
  };
}

function said<T>(stated: StatedParameter | undefined, value: T | undefined): Stated<T> | undefined {
  if (stated === undefined || value === undefined) return undefined;
  return { value, origin: stated.origin };
}

function numberOf(stated: StatedParameter | undefined): number | undefined {
  return stated !== undefined && /^-?\d{1,9}$/.test(stated.value)
    ? Number(stated.value)
    : undefined;
}

function isName(name: string): name is Name {
  return (NAMES as readonly string[]).includes(name);
}
