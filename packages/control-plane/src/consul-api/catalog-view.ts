import { consulTags, consulWeights } from '@meshkeeper/consul';
import type { Endpoint, Service } from '@meshkeeper/mesh';
import { DATACENTER } from './datacenter.ts';

/** The name of the node that an endpoint is on: its address, as a part of a host name. */
export function nodeName({ address }: Endpoint): string {
  return address.replaceAll(/[^A-Za-z0-9]/g, '-').toLowerCase();
}

/** A node, as Consul has it. */
export function nodeView(endpoint: Endpoint, index: number) {
  return {
    ...{ ID: '', Node: nodeName(endpoint), Address: endpoint.address, Datacenter: DATACENTER },
    ...{ TaggedAddresses: null, Meta: {}, CreateIndex: index, ModifyIndex: index },
  };
}

/** The tags that any of its endpoints has. */
export function tagsOf({ endpoints }: Service): readonly string[] {
  return [...new Set(endpoints.flatMap((endpoint) => consulTags(endpoint)))].sort();
}

/** `/v1/catalog/service/:name`. */
export function offersView(service: Service, index: number) {
  const weights = consulWeights(service.endpoints);
  return service.endpoints.map((endpoint, i) => ({
    ...{ ID: '', Node: nodeName(endpoint), Address: endpoint.address, Datacenter: DATACENTER },
    ...{ TaggedAddresses: null, NodeMeta: {}, ServiceKind: '' },
    ...{ ServiceID: endpoint.id, ServiceName: service.name, ServiceTags: consulTags(endpoint) },
    ...{ ServiceAddress: endpoint.address, ServicePort: endpoint.port },
    ServiceWeights: { Passing: weights[i]!, Warning: 1 },
    ...{ ServiceMeta: metaOf(service, endpoint), ServiceEnableTagOverride: false },
    ...{ CreateIndex: index, ModifyIndex: index },
  }));
}

/** `/v1/health/service/:name`. */
export function healthView(service: Service, index: number) {
  const weights = consulWeights(service.endpoints);
  return service.endpoints.map((endpoint, i) => ({
    Node: nodeView(endpoint, index),
    Service: {
      ...{ ID: endpoint.id, Service: service.name, Tags: consulTags(endpoint) },
      ...{ Address: endpoint.address, Port: endpoint.port, Meta: metaOf(service, endpoint) },
      Weights: { Passing: weights[i]!, Warning: 1 },
      ...{ EnableTagOverride: false, CreateIndex: index, ModifyIndex: index },
    },
    Checks: [checkView(service, endpoint, index)],
  }));
}

/** Whether an endpoint takes requests, as Consul's checks say it. */
export function statusOf({ health, weight }: Endpoint): 'passing' | 'critical' {
  return (health === 'healthy' || health === 'unknown') && weight > 0 ? 'passing' : 'critical';
}

function checkView(service: Service, endpoint: Endpoint, index: number) {
  const drains = endpoint.health === 'draining';
  return {
    Node: nodeName(endpoint),
    CheckID: `${drains ? '_service_maintenance' : 'service'}:${endpoint.id}`,
    Name: drains ? 'Service Maintenance Mode' : 'as the mesh has it',
    ...{ Status: statusOf(endpoint), Notes: '', Output: endpoint.health },
    ...{ ServiceID: endpoint.id, ServiceName: service.name, ServiceTags: consulTags(endpoint) },
    ...{ Type: '', CreateIndex: index, ModifyIndex: index },
  };
}

function metaOf(service: Service, { metadata, locality, role }: Endpoint) {
  const { region, zone, subzone } = locality;
  return {
    ...metadata,
    protocol: service.protocol,
    ...(region && { region }),
    ...(zone && { zone }),
    ...(subzone && { subzone }),
    ...(role && { role }),
  };
}
