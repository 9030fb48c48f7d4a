import type { CheckRecord, ServiceRecord } from './records.ts';

/** Of an instance that has nothing to do with Consul's own mesh. */
const MESH = { Proxy: { Mode: '', MeshGateway: {}, Expose: {} }, Connect: {} };

/** A service as answers have it. */
export function renderedService({ TaggedAddresses, Port, ...rest }: ServiceRecord): object {
  return {
    ...rest,
    ...(TaggedAddresses !== null && { TaggedAddresses }),
    // Go leaves out what is zero.
    ...(Port !== 0 && { Port }),
    ...MESH,
    PeerName: '',
  };
}

/** The same as a line of `/v1/catalog/service`. */
export function renderedOffer(service: ServiceRecord): object {
  const { TaggedAddresses, CreateIndex, ModifyIndex } = service;
  return {
    ...{ ServiceKind: '', ServiceID: service.ID, ServiceName: service.Service },
    ...{ ServiceTags: service.Tags ?? [], ServiceAddress: service.Address },
    ...(TaggedAddresses !== null && { ServiceTaggedAddresses: TaggedAddresses }),
    ...{ ServiceWeights: service.Weights, ServiceMeta: service.Meta ?? {} },
    ...{ ServicePort: service.Port, ServiceSocketPath: '' },
    ServiceEnableTagOverride: service.EnableTagOverride,
    ...{ ServiceProxy: MESH.Proxy, ServiceConnect: MESH.Connect, ServiceLocality: null },
    ...{ CreateIndex, ModifyIndex },
  };
}

/** A check as answers have it. */
export function renderedCheck(check: CheckRecord): object {
  return { ...check, Interval: '', Timeout: '', ExposedPort: 0, Definition: {} };
}
