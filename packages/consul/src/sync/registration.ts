import { hash } from 'node:crypto';
import {
  DEFAULT_WEIGHT,
  type Endpoint,
  MARK_KEY,
  type Mark,
  markedMetadata,
  type Service,
} from '@meshkeeper/mesh';
import { NODE_KEY, TAG_KEY } from '../source/instance.ts';
import { consulMeta } from './meta.ts';

/** What an instance is in Consul. */
export interface Registration {
  /** Its ServiceID. */
  readonly id: string;
  /** Its name there. */
  readonly service: string;
  readonly address: string;
  readonly port: number;
  /** Sorted. */
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly Passing: number; readonly Warning: number };
  readonly status: 'passing' | 'critical';
  /** Why, in words. */
  readonly output: string;
}

/** What all ServiceIDs of ours begin with. */
export const ID_PREFIX = 'meshkeeper-';
/** By which Consul's UI tells who has brought a service. */
const SOURCE = { 'external-source': 'meshkeeper' };
const HEAVIEST = 65_535;
const STATED_TAG = /^consul\.tag\.(.+)$/s;

/** The instances of a service, and what of it Consul doesn't take, in words. */
export interface Encoded {
  readonly registrations: readonly Registration[];
  readonly faults: readonly string[];
}

/** @param name the service's in Consul */
export function encodeService(service: Service, name: string, mark: Mark): Encoded {
  const { endpoints } = service;
  const weights = consulWeights(endpoints);
  const faults = new Set<string>();
  const registrations = endpoints.map((endpoint, i): Registration => {
    const own = {
      ...SOURCE,
      ...keyed(markedMetadata(mark, endpoint.origin.registry)),
      protocol: service.protocol,
      ...(name !== service.name && { 'meshkeeper-service': service.name.slice(0, 512) }),
      ...(endpoint.role === 'leader' && { 'meshkeeper-role': 'leader' }),
      ...keyed(placeOf(endpoint)),
    };
    const rest = Object.entries(endpoint.metadata).filter(
      ([key]) => key !== MARK_KEY && key !== NODE_KEY && !key.startsWith(TAG_KEY),
    );
    const { meta, faults: found } = consulMeta(Object.fromEntries(rest), own);
    for (const fault of found) faults.add(fault);
    return {
      id: `${ID_PREFIX}${hash('sha256', JSON.stringify([mark, service.name, endpoint.id]), 'hex').slice(0, 24)}`,
      ...{ service: name, address: endpoint.address, port: endpoint.port },
      tags: consulTags(endpoint),
      ...{ meta, weights: { Passing: weights[i]!, Warning: 1 } },
      ...fitness(endpoint),
    };
  });
  return { registrations, faults: [...faults] };
}

/** The tags that an instance has in Consul, sorted: metadata `consul.tag.NAME`. */
export function consulTags({ metadata }: Endpoint): readonly string[] {
  const tags = Object.keys(metadata).flatMap((key) => STATED_TAG.exec(key)?.[1] ?? []);
  return tags.sort();
}

function placeOf({ locality: { region, zone, subzone } }: Endpoint): Record<string, string> {
  return {
    ...(region && { 'meshkeeper.region': region.slice(0, 512) }),
    ...(zone && { 'meshkeeper.zone': zone.slice(0, 512) }),
    ...(subzone && { 'meshkeeper.subzone': subzone.slice(0, 512) }),
  };
}

/** Keys as Consul takes them. */
function keyed(pairs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pairs).map(([key, value]) => [key.replaceAll('.', '-'), value]),
  );
}

/** Who takes no requests is critical there: Consul's weights begin at 1. */
function fitness({ health, weight }: Endpoint): Pick<Registration, 'status' | 'output'> {
  if (health === 'unhealthy') return { status: 'critical', output: 'unhealthy' };
  if (health === 'draining') return { status: 'critical', output: 'draining' };
  if (weight < 0.5) return { status: 'critical', output: 'its weight is 0' };
  return { status: 'passing', output: health };
}

/**
 * The weights of a service's instances in Consul, where 1 is our default weight, so that they share
 * alike with those that others register there; less, where weights are not whole multiples of it.
 */
export function consulWeights(endpoints: readonly Pick<Endpoint, 'weight'>[]): readonly number[] {
  const unit = endpoints.reduce(
    (known, { weight }) => gcd(known, Math.round(weight)),
    DEFAULT_WEIGHT,
  );
  return endpoints.map(({ weight }) => Math.min(HEAVIEST, Math.max(1, Math.round(weight) / unit)));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
