import {
  type Endpoint,
  mainMembers,
  NOBODY,
  otherPorts,
  ownMembers,
  type Protocol,
  type Service,
  type ServiceSettings,
  subsetMembers,
  type Target,
} from '@meshkeeper/mesh';

/** A part of a service that is a cluster with endpoints of its own. */
export interface Part {
  /** Of the cluster and its assignment: the service's, or `service/part`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Its endpoints among those of the service. */
  members(endpoints: readonly Endpoint[]): readonly Endpoint[];
}

/** The name of a service's part: of a subset, or of a port that speaks something of its own. */
export function partName(service: string, part: string | number | undefined): string {
  return part === undefined ? service : `${service}/${part}`;
}

/** A cluster that there isn't; for gRPC, which has no other way to fail, one without endpoints. */
export const NOWHERE = 'meshkeeper.nowhere';

/** The name of the cluster to which requests for a target go, also of one that there isn't. */
export function clusterName({ service, subset }: Target): string {
  return service === NOBODY ? NOWHERE : partName(service, subset);
}

/**
 * The parts of a service: itself, each port that is stated to speak something else, each subset. The
 * endpoints of such a port are in its own part only: who speaks gRPC there would not understand
 * requests of HTTP/1.1.
 */
export function partsOf(service: Service, settings: ServiceSettings | undefined): readonly Part[] {
  const { name } = service;
  const protocol = settings?.protocol ?? service.protocol;
  const main: Part = {
    name,
    protocol,
    members: (all) => mainMembers(service, settings, all),
  };
  return [
    main,
    ...otherPorts(protocol, settings).map(
      ({ port, protocol: spoken }): Part => ({
        name: partName(name, port),
        protocol: spoken,
        members: (all) => all.filter((endpoint) => endpoint.port === port),
      }),
    ),
    ...(settings?.subsets ?? []).map(
      (subset): Part => ({
        name: partName(name, subset.name),
        protocol,
        members: (all) => subsetMembers(subset, ownMembers(service, settings, all)),
      }),
    ),
  ];
}
