import type { Finding } from './finding.ts';
import type { LintedInstance, RegistryRead } from './registry-read.ts';

/** One address and port twice in a service of a registry, each time but the first. */
export function* duplicateAddresses({ instances }: RegistryRead): Generator<Finding> {
  const first = new Map<string, LintedInstance>();
  for (const instance of byPath(instances)) {
    const { registry, service, address, port, protocol, path } = instance;
    const key = JSON.stringify([service, address, port, protocol]);
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, instance);
      continue;
    }
    if (other.path === path) continue;
    yield {
      ...{ code: 'duplicate-address', severity: 'warning', registry, path, service },
      message: `${at(address, port)} is registered twice in "${service}": also as ${other.path}`,
      fix: 'After a restart the older one goes with its session; if both stay, delete one.',
    };
  }
}

/**
 * One id for instances at two addresses, in one registry or in two: only one of them can have it in
 * the catalog.
 */
export function* duplicateIds(reads: readonly RegistryRead[]): Generator<Finding> {
  const first = new Map<string, LintedInstance>();
  const told = new Set<string>();
  for (const { instances } of reads)
    for (const instance of byPath(instances)) {
      const { registry, service, id, address, port, path } = instance;
      const key = JSON.stringify([service, id]);
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, instance);
        continue;
      }
      const same = other.address === address && other.port === port;
      if (same || other.path === path || told.has(path)) continue;
      told.add(path);
      yield {
        ...{ code: 'duplicate-id', severity: 'warning', registry, path, service },
        message: `"${service}" has two instances called "${id}": ${at(address, port)}, and ${at(other.address, other.port)} of ${other.path}`,
        fix: 'Register one of them under another id; until then it is served under another name.',
      };
    }
}

function at(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function byPath(instances: readonly LintedInstance[]): LintedInstance[] {
  return instances.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
