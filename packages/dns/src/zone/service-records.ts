import {
  type Endpoint,
  hostNameFault,
  type Locality,
  localityWeights,
  type ServiceSettings,
} from '@meshkeeper/mesh';
import type { ResourceRecord } from '../wire/resource-record.ts';
import { addressRecords, hasAddress } from './address-records.ts';
import type { Choice } from './answer.ts';
import type { Level } from './level.ts';
import { inZone, type Named, type Zone } from './zone.ts';

/** What a weight has room for: RFC 2782. */
const HEAVIEST = 0xffff;

/**
 * The SRV records of a service's endpoints, with the addresses of their targets. Levels are priorities;
 * where the first is not up to all of the load, the others come first as often as they take some.
 */
export function serviceRecords(
  zone: Zone,
  name: string,
  named: Named,
  levels: readonly Level[],
  settings: ServiceSettings | undefined,
): readonly Choice[] {
  return levels.flatMap(({ load }, first) => {
    const order = [levels[first]!, ...levels.filter((_, i) => i !== first)];
    const answers = order.flatMap(({ endpoints }, priority) =>
      levelRecords(zone, name, named, endpoints, priority, settings),
    );
    if (load === 0 || answers.length === 0) return [];
    const additional = order.flatMap(({ endpoints }) =>
      endpoints.flatMap((endpoint) => targetAddresses(zone, named, endpoint)),
    );
    return [{ share: load, answers, additional }];
  });
}

/**
 * The same for HAProxy, which takes all priorities alike, and divides weights by 256: those who take load
 * are of one priority, by what they take of all, and the heaviest is as heavy as there is room.
 */
export function coarseRecords(
  zone: Zone,
  name: string,
  named: Named,
  levels: readonly Level[],
  settings: ServiceSettings | undefined,
): readonly Choice[] {
  const shares = levels.flatMap(({ load, endpoints }) => {
    const weights = weightsOf(endpoints, settings);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return endpoints.map((endpoint, i) => ({ endpoint, share: (load * weights[i]!) / total }));
  });
  const taking = shares.filter(({ share }) => share > 0);
  const most = Math.max(...taking.map(({ share }) => share));
  const answers = taking.flatMap(({ endpoint, share }) => {
    const weight = Math.max(1, Math.round((share / most) * HEAVIEST));
    return record(zone, name, named, endpoint, { priority: 0, weight });
  });
  if (answers.length === 0) return [];
  const additional = taking.flatMap(({ endpoint }) => targetAddresses(zone, named, endpoint));
  return [{ share: 100, answers, additional }];
}

function levelRecords(
  zone: Zone,
  name: string,
  named: Named,
  endpoints: readonly Endpoint[],
  priority: number,
  settings: ServiceSettings | undefined,
): ResourceRecord[] {
  const weights = weightsOf(endpoints, settings);
  return endpoints.flatMap((endpoint, i) =>
    record(zone, name, named, endpoint, { priority, weight: weights[i]! }),
  );
}

function record(
  zone: Zone,
  name: string,
  named: Named,
  endpoint: Endpoint,
  order: { readonly priority: number; readonly weight: number },
): ResourceRecord[] {
  const target = targetOf(zone, named, endpoint);
  if (target === undefined) return [];
  const data = { ...order, port: endpoint.port, target };
  return [{ type: 'SRV', name, ttl: zone.ttl, data }];
}

/** The endpoint's own name; its address where that is a name: a target must not be an alias. */
function targetOf(zone: Zone, named: Named, endpoint: Endpoint): string | undefined {
  if (hasAddress(endpoint)) return inZone(zone, zone.grammar.endpoint(named, endpoint));
  return hostNameFault(endpoint.address) === undefined ? endpoint.address : undefined;
}

function targetAddresses(zone: Zone, named: Named, endpoint: Endpoint): readonly ResourceRecord[] {
  if (!hasAddress(endpoint)) return [];
  const type = endpoint.address.includes(':') ? 'AAAA' : 'A';
  const name = inZone(zone, zone.grammar.endpoint(named, endpoint));
  return addressRecords(zone, name, type, [endpoint.address]);
}

/** Whole numbers that SRV has room for, in proportion to what the endpoints are to be sent. */
function weightsOf(
  endpoints: readonly Endpoint[],
  settings: ServiceSettings | undefined,
): readonly number[] {
  if (settings?.balancing?.type === 'round-robin') return endpoints.map(() => 1);
  const weights = stated(endpoints, settings);
  const scale = Math.min(1, HEAVIEST / Math.max(1, ...weights));
  return weights.map((weight) => Math.max(1, Math.round(weight * scale)));
}

/** Their own weights; where localities have some, a share of those. */
function stated(
  endpoints: readonly Endpoint[],
  settings: ServiceSettings | undefined,
): readonly number[] {
  if (settings?.locality?.mode !== 'weighted') return endpoints.map(({ weight }) => weight);
  const groups = [...Map.groupBy(endpoints, ({ locality }) => placeName(locality)).values()];
  const totals = groups.map((group) => group.reduce((sum, { weight }) => sum + weight, 0));
  const localities = groups.map((group, i) => ({
    locality: group[0]!.locality,
    total: totals[i]!,
  }));
  const shares = localityWeights(settings, localities) ?? totals;
  const factors = new Map(
    groups.map((group, i) => [placeName(group[0]!.locality), shares[i]! / totals[i]!]),
  );
  const least = Math.min(...factors.values());
  // In units of the least, so that what is rounded off is little.
  return endpoints.map(
    ({ weight, locality }) => (weight * (factors.get(placeName(locality)) ?? least)) / least,
  );
}

function placeName({ region, zone, subzone }: Locality): string {
  return `${region}/${zone}/${subzone}`;
}
