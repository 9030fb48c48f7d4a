import { isIPv4, isIPv6 } from 'node:net';
import { type Endpoint, hostNameFault } from '@meshkeeper/mesh';
import type { ResourceRecord } from '../wire/resource-record.ts';
import type { Level } from './level.ts';
import type { Zone } from './zone.ts';

/** Whether an endpoint's address is one, and not a host name. */
export function hasAddress({ address }: Endpoint): boolean {
  return isIPv4(address) || (isIPv6(address) && !address.includes('%'));
}

/** The A or AAAA records of addresses, each once; of those that are host names none. */
export function addressRecords(
  { ttl }: Zone,
  name: string,
  type: string,
  addresses: readonly string[],
): readonly ResourceRecord[] {
  if (type !== 'A' && type !== 'AAAA') return [];
  const fits =
    type === 'A' ? isIPv4 : (address: string) => isIPv6(address) && !address.includes('%');
  return [...new Set(addresses.filter(fits))].map((data) => ({ type, name, ttl, data }));
}

/** The records of one endpoint: its address, or the name that stands for it. */
export function endpointAddress(
  zone: Zone,
  name: string,
  type: string,
  endpoint: Endpoint,
): readonly ResourceRecord[] {
  if (hasAddress(endpoint)) return addressRecords(zone, name, type, [endpoint.address]);
  return hostNameFault(endpoint.address) === undefined
    ? [{ type: 'CNAME', name, ttl: zone.ttl, data: endpoint.address }]
    : [];
}

/**
 * The record of a name whose only endpoint has a host name for an address: DNS bears one of these a
 * name, and nothing beside it.
 */
export function aliasRecord(
  zone: Zone,
  name: string,
  levels: readonly Level[],
): ResourceRecord | undefined {
  const [only, ...others] = levels.flatMap(({ endpoints }) => endpoints);
  if (only === undefined || others.length > 0 || hasAddress(only)) return undefined;
  return endpointAddress(zone, name, 'CNAME', only)[0];
}
