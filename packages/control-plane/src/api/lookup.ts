import type { Catalog, Endpoint, Service } from '@meshkeeper/mesh';
import { ApiError } from './problem.ts';

/** The service of that name. @throws ApiError `unknown-service` */
export function serviceOf({ snapshot }: Catalog, name: string): Service {
  const service = snapshot.services.get(name);
  if (service !== undefined) return service;
  throw new ApiError('unknown-service', `no service is called "${name}"`);
}

/** The endpoint of that id. @throws ApiError `unknown-service`, `unknown-endpoint` */
export function endpointOf(catalog: Catalog, service: string, id: string): Endpoint {
  const { endpoints } = serviceOf(catalog, service);
  const endpoint = endpoints.find((candidate) => candidate.id === id);
  if (endpoint !== undefined) return endpoint;
  throw new ApiError('unknown-endpoint', `"${service}" has no endpoint "${id}"`);
}
