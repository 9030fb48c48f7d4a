import { ALIAS_ZONE, aliases, hostNameFault } from '@meshkeeper/mesh';
import { IdentityError } from '../identity-error.ts';

/** DNS names of a certificate, at most. */
export const MOST_NAMES = 32;

/** What there is to be told apart. */
export interface NameSpace {
  /** The names of all services. */
  readonly services: Iterable<string>;
  /** Zones in which names may be asked for that no service has: `shop.internal`. */
  readonly zones: readonly string[];
}

/**
 * The DNS names of a service's certificate: its own (its name where DNS bears it, `ALIAS.mesh`), and what was
 * asked for besides. No other service's name is among them.
 * @param wanted in lower case
 * @throws IdentityError NOT_VALID
 */
export function certifiedNames(
  service: string,
  wanted: readonly string[],
  { services, zones }: NameSpace,
): readonly string[] {
  const all = new Set(services).add(service);
  const alias = aliases(all).get(service)!;
  all.delete(service);
  // What differs by capital letters only is one name in DNS.
  const others = new Set([...all].map((name) => name.toLowerCase()));
  const own = [service.toLowerCase(), `${alias}.${ALIAS_ZONE}`].filter(
    (name) => hostNameFault(name) === undefined && !others.has(name),
  );
  for (const name of wanted) {
    if (own.includes(name)) continue;
    const fault = faultOf(name, others, zones);
    if (fault !== undefined)
      throw new IdentityError(
        'NOT_VALID',
        `the name ${JSON.stringify(name.slice(0, 253))} can't be certified for "${service}": it ${fault}`,
      );
  }
  const names = [...new Set([...own, ...wanted])];
  if (names.length <= MOST_NAMES) return names;
  throw new IdentityError('NOT_VALID', `a certificate has ${MOST_NAMES} DNS names at most`);
}

function faultOf(
  name: string,
  others: ReadonlySet<string>,
  zones: readonly string[],
): string | undefined {
  const fault = hostNameFault(name);
  if (fault !== undefined) return fault;
  if (others.has(name)) return 'is the name of another service';
  if (isWithin(name, ALIAS_ZONE)) return `is not its own in the zone "${ALIAS_ZONE}"`;
  if (zones.some((zone) => isWithin(name, zone.toLowerCase()))) return undefined;
  return 'is in no zone that identity.dnsZones of the configuration names';
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
