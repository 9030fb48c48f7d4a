import { ALIAS_ZONE, aliases, hostNameFault, plainAlias } from '@meshkeeper/mesh';
import type { Finding } from './finding.ts';
import type { RegistryRead } from './registry-read.ts';

/** Services that are not reached by `<alias>.mesh`, or only by one that nobody would guess. */
export function* names(reads: readonly RegistryRead[]): Generator<Finding> {
  const registries = new Map<string, string>();
  for (const { name: registry, prefix, reading } of reads)
    for (const service of reading.names) {
      const name = `${prefix}${service}`;
      if (!registries.has(name)) registries.set(name, registry);
    }
  const chosen = aliases(registries.keys());
  for (const [service, registry] of registries) {
    const finding = {
      code: 'unreachable-by-name',
      severity: 'warning',
      registry,
      service,
    } as const;
    const alias = `${chosen.get(service)}.${ALIAS_ZONE}`;
    const fault = service === '' ? 'is empty' : hostNameFault(alias);
    if (fault !== undefined)
      yield {
        ...finding,
        message: `"${shortened(service)}" has no host name in DNS: ${shortened(alias)} ${fault}`,
        fix: 'Call it by its registry name over HTTP or xDS, or register it under another.',
      };
    else if (chosen.get(service) !== plainAlias(service))
      yield {
        ...finding,
        message: `"${service}" shares the host name ${plainAlias(service)}.${ALIAS_ZONE} with another service: it is reached as ${alias}`,
        fix: 'Give one of them another name, or one of their registries a prefix.',
      };
  }
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
