import type { Catalog, RegistrySource } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import { ZooKeeperError } from '@meshkeeper/zookeeper';
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { formatHostPort, type HostPort } from '../config/listen.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import type { DataPlanes } from '../convergence/data-planes.ts';
import type { RecordKeeper } from '../journal/record-keeper.ts';
import type { Members } from '../members/members.ts';
import type { MeshConvergence } from '../members/mesh-convergence.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Mirrors } from '../mirrors/mirrors.ts';
import type { OverlayStore } from '../overlays/overlay-store.ts';
import { overlayOf, overlaySchema } from '../overlays/stored.ts';
import type { ControlPlanePolicies } from '../policies/open-policies.ts';
import { convergenceRoute } from './convergence-route.ts';
import { explainRoute } from './explain-route.ts';
import { membersRoute } from './members-route.ts';
import { MeshView } from './mesh-view.ts';
import { mirrorsRoute } from './mirrors-route.ts';
import { pastRoutes } from './past-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { ApiError } from './problem.ts';
import { proxyRoutes } from './proxy-routes.ts';
import { endpointLoadView } from './proxy-views.ts';
import { endpointView, oneServiceView, registryView, serviceView } from './views.ts';

/** What the API shows and changes. */
export interface ApiOptions {
  readonly listen: HostPort;
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly overlays: OverlayStore;
  readonly policies: ControlPlanePolicies;
  readonly records: RecordKeeper;
  readonly xds: XdsServer;
  readonly metrics: Metrics;
  readonly mirrors: Mirrors;
  readonly dataPlanes: DataPlanes;
  readonly members: Members;
  readonly mesh: MeshConvergence;
  /** True once a complete snapshot was published. */
  readonly ready: () => boolean;
}

/** The HTTP API, listening. */
export interface ApiServer extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  close(): Promise<void>;
}

/** How long a write to ZooKeeper may take before the API says that it is away, in milliseconds. */
const WRITE_TIMEOUT = 5_000;

/**
 * Starts the HTTP API.
 * @throws ControlPlaneError LISTEN_FAILED
 */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  const app = Fastify({
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
    // Of a name in a path: Dubbo's services and policies in namespaces are longer than a hundred.
    routerOptions: { maxParamLength: 8 * 1024 },
  });
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    void reply.code(problem.status).type('application/problem+json').send(problem.document());
  });
  app.setNotFoundHandler((request) => {
    throw new ApiError('not-found', `there is nothing at ${request.method} ${request.url}`);
  });
  probes(app, options);
  catalogRoutes(app, options);
  explainRoute(app, { ...options, policies: options.policies.served });
  pastRoutes(app, options.records);
  mirrorsRoute(app, options.mirrors);
  membersRoute(app, options.members);
  const meshView = new MeshView(options.members.id, options.policies.served);
  convergenceRoute(app, { ...options, convergence: options.dataPlanes.convergence, meshView });
  policyRoutes(app, {
    ...options.policies,
    catalog: options.catalog,
    mesh: options.mesh,
    meshView,
    kinds: options.dataPlanes.kinds,
  });
  proxyRoutes(app, options.catalog, options.dataPlanes);
  const { host, port } = options.listen;
  try {
    return server(app, await app.listen({ host, port }));
  } catch (cause) {
    await app.close();
    const busy = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const where = formatHostPort(options.listen);
    throw new ControlPlaneError(
      'LISTEN_FAILED',
      busy
        ? `the API's address ${where} is in use: stop what listens there, or choose another with --api-listen`
        : `the API can't listen on ${where}: ${String(cause)}`,
      { cause },
    );
  }
}

function server(app: FastifyInstance, url: string): ApiServer {
  const close = () => app.close();
  return { url, close, [Symbol.asyncDispose]: close };
}

/** For machines that watch over this one. */
function probes(app: FastifyInstance, { metrics, ready, sources }: ApiOptions): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const registries = sources.map(registryView);
    // What isn't read yet, and is served all the same, is what was served before a restart.
    const stale = registries.some(({ state }) => state !== 'live');
    if (!ready()) void reply.code(503);
    // Stale is still ready: what was last known is served, and no data plane is better off without.
    return {
      status: ready() ? (stale ? 'stale' : 'ready') : 'starting',
      registries: registries.map(({ problems: _, ...registry }) => registry),
    };
  });
  app.get('/metrics', async (_request, reply) => {
    void reply.type(metrics.contentType);
    return metrics.text();
  });
}

function catalogRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { catalog, sources, overlays, xds, dataPlanes } = options;
  const serviceOf = (name: string) => {
    const service = catalog.snapshot.services.get(name);
    if (service !== undefined) return service;
    throw new ApiError('unknown-service', `no service is called "${name}"`);
  };
  const endpointOf = (service: string, id: string) => {
    const endpoint = serviceOf(service).endpoints.find((candidate) => candidate.id === id);
    if (endpoint !== undefined) return endpoint;
    throw new ApiError('unknown-endpoint', `"${service}" has no endpoint "${id}"`);
  };

  app.get('/api/v1/services', () => ({
    revision: catalog.snapshot.revision,
    services: [...catalog.snapshot.services]
      .map((service) => serviceView(service, catalog))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    registries: sources.map(registryView),
    /** What a data plane can't be served, and why. */
    unservable: xds.problems,
  }));
  app.get<{ Params: { service: string } }>('/api/v1/services/:service', ({ params }) =>
    oneServiceView(serviceOf(params.service), catalog),
  );
  app.get<{ Params: { service: string } }>('/api/v1/services/:service/endpoints', ({ params }) => {
    const service = serviceOf(params.service);
    const loads = dataPlanes.loads.ofService(service.name, (name) =>
      catalog.snapshot.services.has(name),
    );
    return {
      service: service.name,
      endpoints: service.endpoints.map((endpoint) => ({
        ...endpointView(service.name, endpoint, catalog),
        /** What the data planes report of their requests to it, where they do. */
        ...(loads && { load: endpointLoadView(loads(endpoint.address, endpoint.port)) }),
      })),
    };
  });

  type OverlayRoute = { Params: { service: string; id: string } };
  const overlayPath = '/api/v1/services/:service/endpoints/:id/overlay';
  app.put<OverlayRoute>(overlayPath, async ({ params, body }) => {
    const endpoint = endpointOf(params.service, params.id);
    const overlay = { ...overlayOf(parseBody(body)), at: Date.now() };
    const signal = AbortSignal.timeout(WRITE_TIMEOUT);
    await overlays.put(params.service, endpoint.id, overlay, signal);
    return { service: params.service, endpoint: endpoint.id, overlay };
  });
  app.delete<OverlayRoute>(overlayPath, async ({ params }, reply) => {
    await overlays.delete(params.service, params.id, AbortSignal.timeout(WRITE_TIMEOUT));
    void reply.code(204);
  });

  const hold = async (service: string, held: boolean) => {
    // What operators hold may be gone but for that, and is released all the same.
    if (held) serviceOf(service);
    await overlays.hold(service, held, Date.now(), AbortSignal.timeout(WRITE_TIMEOUT));
  };
  const holdPath = '/api/v1/services/:service/hold';
  app.put<{ Params: { service: string } }>(holdPath, async ({ params: { service } }) => {
    await hold(service, true);
    return { service, hold: true };
  });
  app.delete<{ Params: { service: string } }>(holdPath, async ({ params }, reply) => {
    await hold(params.service, false);
    void reply.code(204);
  });
}

function parseBody(body: unknown): z.output<typeof overlaySchema> {
  const parsed = overlaySchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ApiError('invalid-request', z.prettifyError(parsed.error));
}

function problemOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const away =
    (error instanceof ZooKeeperError && (error.retryable || error.code === 'SESSION_EXPIRED')) ||
    (error instanceof Error && error.name === 'TimeoutError');
  if (away) return new ApiError('zookeeper-unavailable', 'ZooKeeper is away: try again later');
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(status >= 400 && status < 500 ? 'invalid-request' : 'internal', message);
}
