import { resource } from '../api/resource.ts';
import type { ServiceEntry } from './present-objects.ts';
import type { SlicePort } from './slice.ts';
import type { WantedService } from './wanted-services.ts';

/** Istio's ServiceEntry. */
export const SERVICE_ENTRIES = resource<ServiceEntry>(
  'networking.istio.io',
  'v1',
  'serviceentries',
  'ServiceEntry',
);

/** What Istio calls what a port speaks, by our name for the port. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  http: 'HTTP',
  http2: 'HTTP2',
  grpc: 'GRPC',
};

/**
 * The ServiceEntry of a service: those of its endpoints that take requests, with their weights, which
 * slices have no field for. Undefined when the rule wants none.
 */
export function serviceEntrySpec(wanted: WantedService, port: SlicePort): object | undefined {
  const { rule, name, sliced, service } = wanted;
  if (rule.serviceEntry === undefined) return undefined;
  const localities = new Map(service.endpoints.map(({ address, locality }) => [address, locality]));
  const endpoints = [...sliced.sets.values()].flatMap(({ ports, endpoints: held }) =>
    [...held].flatMap(([address, { endpoint, weight }]) => {
      if (endpoint.conditions?.ready !== true) return [];
      const { region = '', zone = '', subzone = '' } = localities.get(address) ?? {};
      const locality = [region, zone, subzone].join('/').replace(/\/+$/, '');
      return {
        address,
        ports: { [port.name]: ports[0]?.port },
        weight,
        ...(region !== '' && { locality }),
      };
    }),
  );
  return {
    hosts: [rule.serviceEntry.replaceAll('{name}', name)],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: port.port, name: port.name, protocol: PROTOCOLS[port.name] ?? 'TCP' }],
    endpoints: endpoints.sort((a, b) => (a.address < b.address ? -1 : 1)),
  };
}
