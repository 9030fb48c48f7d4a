import { ALIAS_ZONE, aliases } from '@meshkeeper/mesh';

/**
 * The `Host` values that route to each service: its name and `<alias>.mesh`, each with and without
 * a port. Envoy rejects a whole route configuration in which two virtual hosts share a domain (it
 * compares them in lower case) or one holds characters that no header has, so a domain is given
 * once, names before aliases, and an impossible one is not given at all.
 */
export function domainsByService(
  names: readonly string[],
  routed: (name: string) => boolean,
): Map<string, string[]> {
  const sorted = names.toSorted(byCodeUnit);
  const alias = aliases(sorted);
  const taken = new Set<string>();
  const result = new Map<string, string[]>();
  const claim = (service: string, host: string) => {
    const key = host.toLowerCase();
    if (taken.has(key) || !isPossibleHost(host)) return;
    taken.add(key);
    const domains = result.get(service) ?? [];
    // `a:*` of a service `a` also covers a service that is called `a:1.0`, but Envoy prefers the
    // exact domain and then the longest suffix, which are that service's own.
    domains.push(host, `${host}:*`);
    result.set(service, domains);
  };
  const served = sorted.filter(routed);
  // A name that is in lower case already has the better claim to that domain.
  for (const name of served) if (name === name.toLowerCase()) claim(name, name);
  for (const name of served) if (name !== name.toLowerCase()) claim(name, name);
  for (const name of served) claim(name, `${alias.get(name)}.${ALIAS_ZONE}`);
  return result;
}

/** Printable ASCII without a wildcard, which the whole of a `Host` header can be. */
function isPossibleHost(host: string): boolean {
  return host.length <= 255 && /^[!-)+-~]+$/.test(host);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
