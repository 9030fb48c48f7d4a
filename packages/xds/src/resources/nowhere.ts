import { NO_LOCALITY } from '@meshkeeper/mesh';
import { type Cluster, DiscoveryType } from '../codec/messages.ts';
import { ADS } from './cluster/cluster.ts';
import { loadAssignment } from './endpoint/load-assignment.ts';
import { NOWHERE } from './endpoint/parts.ts';
import { makeResource, type Resource } from './resource.ts';

let made: { readonly cluster: Resource; readonly endpoint: Resource } | undefined;

/** The cluster without endpoints to which calls of gRPC go that are to fail. */
export function nowhere(): { readonly cluster: Resource; readonly endpoint: Resource } {
  const cluster: Cluster = {
    name: NOWHERE,
    type: DiscoveryType.EDS,
    edsClusterConfig: { edsConfig: ADS, serviceName: NOWHERE },
  };
  const none = { name: NOWHERE, endpoints: [], settings: undefined, caller: NO_LOCALITY };
  made ??= {
    cluster: makeResource('cluster', NOWHERE, cluster),
    endpoint: loadAssignment({ ...none, flavour: 'grpc' }),
  };
  return made;
}
