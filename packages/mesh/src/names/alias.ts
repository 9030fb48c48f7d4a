import { hash } from 'node:crypto';

/** The zone under which every service has a host name that is valid in DNS. */
export const ALIAS_ZONE = 'mesh';

/** `name` in lower case, with every run of characters that a host name can't have turned into `-`. */
export function plainAlias(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9.-]+/g, '-');
}

/** The alias of a service that would share its plain one with another. */
export function hashedAlias(name: string): string {
  return `${plainAlias(name)}-${hash('sha256', name, 'hex').slice(0, 6)}`;
}

/** The alias of each name: the plain one, or the hashed one where two names would share it. */
export function aliases(names: Iterable<string>): Map<string, string> {
  const owners = new Map<string, string[]>();
  for (const name of names) {
    const alias = plainAlias(name);
    const sharing = owners.get(alias);
    if (sharing === undefined) owners.set(alias, [name]);
    else sharing.push(name);
  }
  const result = new Map<string, string>();
  for (const [alias, sharing] of owners) {
    for (const name of sharing) result.set(name, sharing.length === 1 ? alias : hashedAlias(name));
  }
  return result;
}
