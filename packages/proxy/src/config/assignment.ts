import { type Health, type Locality, type LocalityWeight, NO_LOCALITY } from '@meshkeeper/mesh';
import {
  type ClusterLoadAssignment,
  formatHostPort,
  HealthStatus,
  type LbEndpoint,
  type LocalityLbEndpoints,
  METADATA_KEY,
  textsOf,
} from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** An endpoint of a cluster, as the control plane states it. */
export interface Target {
  /** `address:port`, as Envoy writes and hashes it. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** Empty when none is stated. */
  readonly hostname: string;
  /** Relative to the others of its locality. */
  readonly weight: number;
  /** 0 is used first. */
  readonly priority: number;
  readonly locality: Locality;
  /** What the control plane knows of its health. */
  readonly health: Health;
  /** What only this mesh says of it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How it is checked. */
  readonly check: CheckTarget;
}

/** What of an endpoint active health checks go by. */
export interface CheckTarget {
  /** Undefined: the check's, else the endpoint's. */
  readonly port: number | undefined;
  /** Undefined: the check's. */
  readonly host: string | undefined;
  readonly disabled: boolean;
}

/** The endpoints of a cluster. */
export interface Assignment {
  readonly targets: readonly Target[];
  /** In percent. */
  readonly overprovisioning: number;
  /** Of localities without a stated weight it is 0, as with Envoy. */
  readonly localityWeight: LocalityWeight;
}

const NO_METADATA: Target['metadata'] = Object.freeze({});
const PLAIN_CHECK: CheckTarget = Object.freeze({
  port: undefined,
  host: undefined,
  disabled: false,
});
/** Envoy's. */
const OVERPROVISIONING = 140;
const MAX_PRIORITY = 128;

/** What a cluster has until its assignment comes. */
export const NO_ASSIGNMENT: Assignment = {
  targets: [],
  overprovisioning: OVERPROVISIONING,
  localityWeight: () => 0,
};

/** `config.endpoint.v3.ClusterLoadAssignment`. Of endpoints with one address the first counts. */
export function parseAssignment(message: ClusterLoadAssignment, problems: Problems): Assignment {
  const policy = problems.at('policy');
  policy.unsupported('drop_overloads', message.policy?.dropOverloads);
  policy.unsupported('endpoint_stale_after', message.policy?.endpointStaleAfter);
  policy.unsupported('weighted_priority_health', message.policy?.weightedPriorityHealth);
  const targets = new Map<string, Target>();
  const weights = new Map<string, number>();
  for (const [i, group] of (message.endpoints ?? []).entries()) {
    const at = problems.at(`endpoints[${i}]`);
    const priority = group.priority ?? 0;
    if (priority > MAX_PRIORITY) at.add('priority', `must be at most ${MAX_PRIORITY}`);
    const locality = localityOf(group);
    weights.set(weightKey(locality, priority), group.loadBalancingWeight?.value ?? 0);
    for (const [e, endpoint] of (group.lbEndpoints ?? []).entries()) {
      const target = parseTarget(endpoint, locality, priority, at.at(`lb_endpoints[${e}]`));
      if (target && !targets.has(target.key)) targets.set(target.key, target);
    }
  }
  return {
    targets: [...targets.values()],
    overprovisioning: message.policy?.overprovisioningFactor?.value ?? OVERPROVISIONING,
    localityWeight: (locality, priority) => weights.get(weightKey(locality, priority)) ?? 0,
  };
}

function parseTarget(
  message: LbEndpoint,
  locality: Locality,
  priority: number,
  problems: Problems,
): Target | undefined {
  const { endpoint } = message;
  const socket = endpoint?.address?.socketAddress;
  if (!socket?.address || !socket.portValue) {
    problems.add('endpoint.address', 'the embedded proxy needs a socket_address with a port');
    return undefined;
  }
  const { address, portValue: port } = socket;
  const stated = message.metadata?.filterMetadata?.[METADATA_KEY];
  return {
    key: formatHostPort({ host: address, port }),
    address,
    port,
    hostname: endpoint?.hostname ?? '',
    weight: message.loadBalancingWeight?.value ?? 1,
    priority,
    locality,
    health: healthOf(message),
    metadata: stated ? textsOf(stated) : NO_METADATA,
    check: checkOf(endpoint?.healthCheckConfig, problems),
  };
}

function checkOf(
  config: NonNullable<LbEndpoint['endpoint']>['healthCheckConfig'],
  problems: Problems,
): CheckTarget {
  if (!config) return PLAIN_CHECK;
  problems.at('endpoint.health_check_config').unsupported('address', config.address);
  return {
    port: config.portValue || undefined,
    host: config.hostname || undefined,
    disabled: config.disableActiveHealthCheck === true,
  };
}

function localityOf({ locality }: LocalityLbEndpoints): Locality {
  if (!locality) return NO_LOCALITY;
  const { region, zone, subZone } = locality;
  return { region: region ?? '', zone: zone ?? '', subzone: subZone ?? '' };
}

function weightKey({ region, zone, subzone }: Locality, priority: number): string {
  return `${priority}\0${region}\0${zone}\0${subzone}`;
}

/** Envoy prefers endpoints that are not degraded; here they are as good as any. */
function healthOf(endpoint: LbEndpoint): Health {
  switch (endpoint.healthStatus ?? HealthStatus.UNKNOWN) {
    case HealthStatus.UNKNOWN:
      return 'unknown';
    case HealthStatus.HEALTHY:
    case HealthStatus.DEGRADED:
      return 'healthy';
    case HealthStatus.DRAINING:
      return 'draining';
    default:
      return 'unhealthy';
  }
}
