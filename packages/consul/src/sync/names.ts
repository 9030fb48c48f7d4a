import { hash } from 'node:crypto';
import { plainAlias } from '@meshkeeper/mesh';

/** What stands between two dots of a name in Consul's DNS. */
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const LONGEST = 63;
const HASH = 6;

/** Whether Consul's DNS answers for a service of this name. */
export function isLabel(name: string): boolean {
  return LABEL.test(name);
}

/**
 * The name that each service has in Consul: its own, where Consul's DNS bears it; otherwise one that it
 * bears. Consul tells no cases apart: where two would share a name, the first by these rules has it,
 * another a hash behind it.
 */
export function consulNames(services: Iterable<string>): Map<string, string> {
  const sorted = [...services].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const service of sorted) {
    const plain = isLabel(service) ? service : label(service);
    const free = !taken.has(plain.toLowerCase()) && plain !== '';
    const name = free ? plain : hashed(plain, service);
    taken.add(name.toLowerCase());
    names.set(service, name);
  }
  return names;
}

/** Who keeps its own name comes first. */
function order(service: string): number {
  return isLabel(service) ? 0 : 1;
}

function label(service: string): string {
  const plain = plainAlias(service).replaceAll('.', '-').replaceAll(/-+/g, '-');
  const trimmed = plain.replaceAll(/^-|-$/g, '');
  return trimmed.length > LONGEST ? hashed(trimmed, service) : trimmed;
}

function hashed(plain: string, service: string): string {
  const short = hash('sha256', service, 'hex').slice(0, HASH);
  const kept = plain.slice(0, LONGEST - HASH - 1).replace(/-$/, '');
  return `${kept || 'service'}-${short}`;
}
