import {
  type Endpoint,
  type Locality,
  localityWeights,
  priorities,
  type ServiceSettings,
} from '@meshkeeper/mesh';
import type { Flavour } from '../flavour.ts';
import { encodedResource, type Resource } from '../resource.ts';
import { assembleAssignment, type EncodedGroup } from './encoded-assignment.ts';
import { encodedEndpoint } from './encoded-endpoint.ts';

/** What an assignment is made of. */
export interface AssignmentOptions {
  /** Of the assignment. */
  readonly name: string;
  /** Those that a data plane takes: see `usable`. */
  readonly endpoints: readonly Endpoint[];
  readonly settings: ServiceSettings | undefined;
  readonly flavour: Flavour;
  /** Where the data plane is. */
  readonly caller: Locality;
}

/** Endpoints of one locality and one priority, and of one weight where that is told by groups. */
interface Group {
  readonly locality: Locality;
  readonly priority: number;
  readonly endpoints: Endpoint[];
}

/** Envoy's default: below 100/140 of fit endpoints the next priority takes some. */
const OVERPROVISIONING = 140;

/**
 * The endpoints of a cluster as data planes take them, one group a locality and priority. Endpoints of
 * weight 0 take no load and are left out. No endpoints give an assignment without, not nothing.
 *
 * gRPC has no weights of endpoints but only of localities, so that for gRPC there is a group for each
 * weight, as if it were a part of the locality.
 */
export function loadAssignment(options: AssignmentOptions): Resource {
  const { name, endpoints, settings, flavour, caller } = options;
  const equal = settings?.balancing?.type === 'round-robin';
  // Envoy adds the weights up in 32 bits and rejects an overflow.
  const limit = Math.floor(0xffff_ffff / Math.max(1, endpoints.length));
  const weightOf = ({ weight }: Endpoint) =>
    equal ? 1 : Math.min(limit, Math.max(1, Math.round(weight)));
  const checkedAt = checkedPort(settings);
  const prioritise = priorities(settings, caller);
  const groups = new Map<string, Group>();
  let latest: Group | undefined;
  for (const endpoint of endpoints) {
    if (endpoint.weight <= 0) continue;
    const priority = prioritise === undefined ? 0 : prioritise(endpoint);
    if (priority === undefined) continue;
    const { region, zone, subzone } = endpoint.locality;
    const part = flavour === 'grpc' ? `${subzone}#${weightOf(endpoint)}` : subzone;
    // Most of them are where the one before is.
    if (latest?.priority === priority && isSame(latest.locality, region, zone, part)) {
      latest.endpoints.push(endpoint);
      continue;
    }
    const key = `${String(priority).padStart(3, '0')}\0${region}\0${zone}\0${part}`;
    latest = groups.get(key);
    if (latest === undefined) {
      latest = { locality: { region, zone, subzone: part }, priority, endpoints: [] };
      groups.set(key, latest);
    }
    latest.endpoints.push(endpoint);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  const used = [...new Set(sorted.map(({ priority }) => priority))];
  const totals = sorted.map(({ endpoints: members }) => {
    const counted = flavour === 'envoy' ? members : members.filter(takesRequests);
    return counted.reduce((sum, endpoint) => sum + weightOf(endpoint), 0);
  });
  const weights = localityWeights(
    settings,
    sorted.map((group, at) => ({ locality: group.endpoints[0]!.locality, total: totals[at]! })),
  );
  const encoded = sorted.map(
    ({ locality, priority, endpoints: members }, at): EncodedGroup => ({
      locality,
      // Neither takes gaps between priorities.
      priority: used.indexOf(priority),
      // gRPC drops a group without a weight and rejects one without a locality.
      weight: Math.max(1, (weights ?? totals)[at]!),
      endpoints: members.map((endpoint) =>
        encodedEndpoint(endpoint, weightOf(endpoint), checkedAt),
      ),
    }),
  );
  return encodedResource('endpoint', name, assembleAssignment(name, encoded, policyOf(settings)));
}

function isSame(at: Locality, region: string, zone: string, subzone: string): boolean {
  return at.region === region && at.zone === zone && at.subzone === subzone;
}

function takesRequests({ health }: Endpoint): boolean {
  return health === 'healthy' || health === 'unknown';
}

/**
 * Where all endpoints are checked, if that is one port: Envoy does not read that of a check, and has one
 * for each endpoint.
 */
function checkedPort(settings: ServiceSettings | undefined): number | undefined {
  const ports = new Set((settings?.healthChecks ?? []).map(({ port }) => port));
  return ports.size === 1 ? [...ports][0] : undefined;
}

function policyOf(settings: ServiceSettings | undefined) {
  const { locality } = settings ?? {};
  if (locality?.mode !== 'failover' && locality?.mode !== 'priorities') return undefined;
  if (locality.overprovisioning === OVERPROVISIONING) return undefined;
  return { overprovisioningFactor: { value: locality.overprovisioning } };
}
