import { type Endpoint, NO_LOCALITY, type Service } from '@meshkeeper/mesh';

export const SERVICES = 1_000;
export const ENDPOINTS = 10;

/** The names that are asked, one a service. */
export const NAMES: readonly string[] = Array.from({ length: SERVICES }, (_, i) => `service-${i}`);

/** The address of an endpoint. */
export function addressOf(service: number, endpoint: number): string {
  return `10.${service >> 8}.${service & 255}.${endpoint + 1}`;
}

/** What our server has. */
export function services(): Service[] {
  return NAMES.map((name, i) => ({
    name,
    protocol: 'http',
    endpoints: Array.from({ length: ENDPOINTS }, (_, j): Endpoint => {
      const origin = { registry: 'bench', path: `/${i}/${j}`, czxid: 1n, mzxid: 1n, mtime: 0 };
      return {
        ...{ id: `${i}-${j}`, address: addressOf(i, j), port: 8080, weight: 100 },
        ...{ locality: NO_LOCALITY, health: 'healthy', metadata: {}, origin },
      };
    }),
  }));
}

/** The same as a zone file. */
export function zoneFile(): string {
  const lines = NAMES.flatMap((name, i) =>
    Array.from({ length: ENDPOINTS }, (_, j) => [
      `${name} IN A ${addressOf(i, j)}`,
      `_${name}._tcp IN SRV 0 100 8080 e${j}.${name}`,
      `e${j}.${name} IN A ${addressOf(i, j)}`,
    ]).flat(),
  );
  const head = ['$ORIGIN mesh.', '$TTL 0', '@ IN SOA ns.dns hostmaster 1 3600 600 86400 0'];
  return `${[...head, '@ IN NS ns.dns', 'ns.dns IN A 127.0.0.1', ...lines].join('\n')}\n`;
}
