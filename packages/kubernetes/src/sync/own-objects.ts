import type { Mark } from '@meshkeeper/mesh';
import type { EndpointSlice, KubernetesService } from '../api/objects.ts';
import {
  MANAGED_BY,
  MANAGED_BY_LABEL,
  ownLabels,
  SERVICE_ANNOTATION,
  SERVICE_NAME_LABEL,
  WEIGHTS_ANNOTATION,
} from './ownership.ts';
import type { PresentService } from './present-objects.ts';
import type { SlicePort, WeighedEndpoint } from './slice.ts';
import { slicePort } from './slice-sets.ts';
import type { WantedService } from './wanted-services.ts';
import { weightsText } from './weights.ts';

/** The Service that should be there: without a selector, so that its slices are ours. */
export function serviceObject(
  { namespace, name, rule, service }: WantedService,
  port: SlicePort,
  owner: Mark,
): KubernetesService {
  const headless = rule.type === 'Headless';
  return {
    metadata: {
      name,
      namespace,
      labels: { ...ownLabels(owner) },
      annotations: { [SERVICE_ANNOTATION]: service.name },
    },
    spec: {
      type: 'ClusterIP',
      ...(headless ? { clusterIP: 'None' } : { ipFamilyPolicy: 'PreferDualStack' }),
      ports: [port],
    },
  };
}

/**
 * The port of a Service: once it is made its number stays, as its callers have it written down.
 * Undefined as long as there is nothing to call.
 */
export function servicePort(
  { service, rule, sliced }: WantedService,
  present: PresentService | undefined,
): SlicePort | undefined {
  const kept = rule.port ?? present?.ports[0]?.port;
  if (kept !== undefined) return slicePort(service.protocol, kept);
  const counts = new Map<number, number>();
  for (const { ports, endpoints } of sliced.sets.values())
    for (const { port } of ports) counts.set(port, (counts.get(port) ?? 0) + endpoints.size);
  const [most] = [...counts].sort(([a, m], [b, n]) => n - m || a - b);
  return most && slicePort(service.protocol, most[0]);
}

/** What of a Service that is there is to be changed; undefined when it is right. */
export function servicePatch(
  present: PresentService,
  wanted: WantedService,
  port: SlicePort,
): object | undefined {
  const [only, ...others] = present.ports;
  const isRight =
    present.service === wanted.service.name &&
    others.length === 0 &&
    only?.name === port.name &&
    only.port === port.port &&
    only.appProtocol === port.appProtocol;
  if (isRight) return undefined;
  return {
    metadata: {
      resourceVersion: present.resourceVersion,
      annotations: { [SERVICE_ANNOTATION]: wanted.service.name },
    },
    spec: { ports: [port] },
  };
}

/** A slice that should be there. */
export function sliceObject(
  name: string,
  of: { readonly namespace: string; readonly name: string; readonly uid: string },
  set: Pick<EndpointSlice, 'addressType'> & { readonly ports: readonly SlicePort[] },
  endpoints: readonly WeighedEndpoint[],
  owner: Mark,
): EndpointSlice {
  const weights = weightsText(endpoints);
  return {
    metadata: {
      name,
      namespace: of.namespace,
      labels: {
        ...ownLabels(owner),
        [SERVICE_NAME_LABEL]: of.name,
        [MANAGED_BY_LABEL]: MANAGED_BY,
      },
      ...(weights !== undefined && { annotations: { [WEIGHTS_ANNOTATION]: weights } }),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: of.name, uid: of.uid }],
    },
    addressType: set.addressType,
    ports: set.ports,
    endpoints: endpoints.map(({ endpoint }) => endpoint),
  };
}
