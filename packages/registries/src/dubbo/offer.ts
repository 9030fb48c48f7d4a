import { DEFAULT_WEIGHT, type Endpoint, type Locality, type Origin } from '@meshkeeper/mesh';
import { addressKey } from '../decode/address.ts';
import type { ZNode } from '../tree/tree-change.ts';

/** Milliseconds until a provider that states nothing else gets its whole weight: Dubbo's default. */
const DEFAULT_WARMUP = 600_000;
const MAX_WEIGHT = 1_000_000;
/** Which of them differ from start to start, and say nothing of how to call the provider. */
const OF_THE_PROCESS = new Set(['timestamp', 'pid']);

/** One provider of one service, as one znode tells of it. */
export interface Offer {
  /** The service's name in the catalog. */
  readonly service: string;
  /** Dubbo's name: `dubbo`, `tri`, … */
  readonly protocol: string;
  /** Spoken besides another at the same port: only who asks for it is meant to use it. */
  readonly extra: boolean;
  readonly level: 'interface' | 'application';
  readonly application: string;
  /** When the provider began, in milliseconds since the epoch; 0 when it doesn't say. */
  readonly since: number;
  readonly endpoint: Endpoint;
}

/** What an endpoint is made of. */
export interface Provider {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly since: number;
  readonly parameters: ReadonlyMap<string, string>;
  readonly locality: Locality;
  readonly origin: Origin;
}

/** The endpoint of a provider. */
export function endpointOf(provider: Provider): Endpoint {
  const { protocol, host, port, path, since, parameters, locality, origin } = provider;
  const metadata: [string, string][] = [];
  for (const entry of parameters) if (!OF_THE_PROCESS.has(entry[0])) metadata.push(entry);
  if (!parameters.has('protocol')) metadata.push(['protocol', protocol]);
  if (path !== parameters.get('interface') && !parameters.has('path'))
    metadata.push(['path', path]);
  const duration = numberOf(parameters.get('warmup')) ?? DEFAULT_WARMUP;
  return {
    id: addressKey(host, port),
    address: host,
    port,
    weight: weightOf(parameters.get('weight')),
    locality: localityOf(parameters, locality),
    health: isEnabled(parameters) ? 'unknown' : 'draining',
    // Not assigned one by one: `__proto__` would be no member, and objects of this size would share
    // no shape, which takes 2.6 times the memory.
    metadata: Object.fromEntries(metadata),
    ...(since > 0 && duration > 0 && { warmup: { from: since, duration } }),
    origin,
  };
}

/** When a provider says that it began; 0 when it doesn't. */
export function sinceOf(parameters: ReadonlyMap<string, string>): number {
  return numberOf(parameters.get('timestamp')) ?? 0;
}

/** Where the endpoints of a znode come from. */
export function originOf(registry: string, { path, stat }: ZNode): Origin {
  return { registry, path, czxid: stat.czxid, mzxid: stat.mzxid, mtime: stat.mtime };
}

function weightOf(text: string | undefined): number {
  if (text === undefined || !/^-?\d+$/.test(text)) return DEFAULT_WEIGHT;
  return Math.min(MAX_WEIGHT, Math.max(0, Number(text)));
}

/** Java's boolean: anything but `true` is false. `disabled` is what rules of old write. */
function isEnabled(parameters: ReadonlyMap<string, string>): boolean {
  const disabled = parameters.get('disabled');
  if (disabled !== undefined && disabled !== '') return disabled.toLowerCase() !== 'true';
  const enabled = parameters.get('enabled');
  return enabled === undefined || enabled === '' || enabled.toLowerCase() === 'true';
}

/** Dubbo's zone-aware clusters look at `zone`; `region` goes with it. */
function localityOf(parameters: ReadonlyMap<string, string>, locality: Locality): Locality {
  const region = parameters.get('region');
  const zone = parameters.get('zone');
  if (!region && !zone) return locality;
  return { ...locality, ...(region && { region }), ...(zone && { zone }) };
}

/** A whole number of at most 15 digits that is not negative. */
function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
