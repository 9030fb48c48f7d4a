import { curator } from '@meshkeeper/registries';

/** How large a registry is. */
export interface Size {
  readonly services: number;
  /** Endpoints of each. */
  readonly each: number;
}

export const ROOT = '/bench';

export function serviceName(service: number): string {
  return `team-${service % 97}-service-${service}`;
}

/** The znode of an instance; `turn` changes what it says. */
export function instanceOf(service: number, instance: number, turn: number, root = ROOT) {
  const registration = {
    service: serviceName(service),
    id: `${service}-${instance}`,
    address: `10.${(service >> 8) & 255}.${service & 255}.${instance + 1}`,
    port: 8080 + (turn % 50_000),
  };
  // One znode an instance.
  const [entry] = curator.encode(root, registration, 1_700_000_000_000);
  return { path: entry!.path, data: entry!.data };
}

/** "10,000 x 66". */
export function sizeText({ services, each }: Size): string {
  return `${services.toLocaleString('en')} x ${each}`;
}
