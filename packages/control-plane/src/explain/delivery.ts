import type { Policies } from '@meshkeeper/mesh';
import {
  Any,
  decodeResource,
  type ProxyStatus,
  type Resource,
  type ResourceNames,
  type ResourceStatus,
  type ResourceType,
  resourceTypeOf,
  type XdsServer,
} from '@meshkeeper/xds';
import type { Deliveries, Delivery } from '../convergence/deliveries.ts';
import { concerns, virtualHostNames } from './route-targets.ts';

/** An endpoint by its address. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** A resource of a service at one data plane, and when that was sent and judged last. */
export interface DeliveredResource {
  readonly type: ResourceType;
  readonly status: ResourceStatus;
  /** When it was sent that way; undefined when that is long ago. */
  readonly sentAt: number | undefined;
  /** The last verdict; undefined when there was none, or it is long ago. */
  readonly last: Delivery | undefined;
}

/** How a service arrives at one stream of a data plane. */
export interface ServiceDelivery {
  readonly proxy: ProxyStatus;
  readonly resources: readonly DeliveredResource[];
  /** Whether the endpoint that is asked about is in what is sent; undefined when none is asked about. */
  readonly hasEndpoint?: boolean;
  readonly state: /** It has accepted all of it. */
    | 'has'
    /** Something of it was not sent yet, or not judged yet. */
    | 'pending'
    /** It rejects something of it. */
    | 'rejects'
    /** It asks for nothing of it, or for something that there isn't for it. */
    | 'not-subscribed';
  /** Only services that fit one of these are shown to it, by an operator's word; undefined: all. */
  readonly egress?: { readonly patterns: readonly string[]; readonly policy: string };
}

/** What the deliveries are found with. */
export interface DeliveryContext {
  readonly server: Pick<XdsServer, 'proxies' | 'resources'>;
  readonly deliveries: Deliveries;
  readonly policies: Policies;
}

/** How a service arrives at each data plane, or at those with that id. */
export function deliveriesOf(
  service: string,
  { server, deliveries, policies }: DeliveryContext,
  { proxy: id, endpoint }: { readonly proxy?: string | undefined; readonly endpoint?: Place },
): ServiceDelivery[] {
  const subsets = policies.settings(service)?.subsets ?? [];
  const names = [service, ...subsets.map(({ name }) => `${service}/${name}`)];
  const ports = (policies.settings(service)?.ports ?? []).map(({ port }) => `${service}/${port}`);
  // Routes are of many services, and are looked into.
  const only: ResourceNames = new Map([
    ['secret', []],
    ['cluster', names],
    ['endpoint', names],
    ['listener', [service]],
    ['virtualHost', virtualHostNames([...names, ...ports], policies)],
  ]);
  const isOf = concerns(service, names);
  const holds = endpoint && holding(endpoint);
  return server
    .proxies()
    .filter((proxy) => id === undefined || proxy.id === id)
    .map((proxy): ServiceDelivery => {
      const found = server.resources(proxy.stream, only)?.resources ?? [];
      const resources = found.flatMap((status): DeliveredResource[] => {
        const type = resourceTypeOf(status.typeUrl);
        if (type === undefined || (ROUTES.has(type) && !isOf(status))) return [];
        const last = deliveries.last(proxy, status.typeUrl, status.name);
        const underWay = status.state === 'requested' ? status.sentAt : undefined;
        return [{ type, status, last, sentAt: underWay ?? last?.sentAt }];
      });
      const settings = policies.settings(proxy.cluster);
      const { egress } = settings ?? {};
      return {
        ...{ proxy, resources, state: stateOf(resources) },
        ...(holds && { hasEndpoint: resources.some(holds) }),
        ...(settings && egress && { egress: { patterns: egress, policy: settings.origin.path } }),
      };
    });
}

const ROUTES: ReadonlySet<ResourceType> = new Set(['route', 'virtualHost']);

function stateOf(resources: readonly DeliveredResource[]): ServiceDelivery['state'] {
  const states = new Set(resources.map(({ status }) => status.state));
  if (states.has('nacked')) return 'rejects';
  const of = (type: ResourceType) => resources.filter((resource) => resource.type === type);
  const clusters = of('cluster').filter(({ status }) => status.state !== 'missing');
  const asked = of('cluster').length > 0 || of('endpoint').length > 0;
  if (!asked || (clusters.length === 0 && of('endpoint').every(isMissing))) return 'not-subscribed';
  // Of each cluster it wants the endpoints, once it has it.
  const complete = of('endpoint').length >= clusters.length;
  return states.has('requested') || !complete ? 'pending' : 'has';
}

function isMissing({ status }: DeliveredResource): boolean {
  return status.state === 'missing';
}

/** Tells which assignments have that address; many data planes share one. */
function holding({ address, port }: Place): (resource: DeliveredResource) => boolean {
  const known = new Map<Resource, boolean>();
  const look = ({ any }: Resource) => {
    const { endpoints } = decodeResource('endpoint', Any.decode(any));
    const hosts = endpoints.flatMap(({ lbEndpoints }) => lbEndpoints ?? []);
    return hosts.some(({ endpoint }) => {
      const at = endpoint?.address?.socketAddress;
      return at?.address === address && at.portValue === port;
    });
  };
  return ({ type, status: { served } }) => {
    if (type !== 'endpoint' || served === undefined) return false;
    const found = known.get(served) ?? look(served);
    known.set(served, found);
    return found;
  };
}
