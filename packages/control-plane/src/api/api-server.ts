import type { Catalog, RegistrySource } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import { ZooKeeperError } from '@meshkeeper/zookeeper';
import Fastify, { type FastifyInstance } from 'fastify';
import { formatHostPort, type HostPort } from '../config/listen.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import type { Configuration } from '../configuration/open-configuration.ts';
import type { DataPlanes } from '../convergence/data-planes.ts';
import type { RecordKeeper } from '../journal/record-keeper.ts';
import type { Queues } from '../leases/queues.ts';
import type { Members } from '../members/members.ts';
import type { MeshConvergence } from '../members/mesh-convergence.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Mirrors } from '../mirrors/mirrors.ts';
import type { OverlayStore } from '../overlays/overlay-store.ts';
import type { ControlPlanePolicies } from '../policies/open-policies.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { configRoutes } from './config-routes.ts';
import { convergenceRoute } from './convergence-route.ts';
import { explainRoute } from './explain-route.ts';
import { leaseRoutes } from './lease-routes.ts';
import { membersRoute } from './members-route.ts';
import { MeshView } from './mesh-view.ts';
import { mirrorsRoute } from './mirrors-route.ts';
import { openApi, openApiRoute } from './openapi.ts';
import { overlayRoutes } from './overlay-routes.ts';
import { pastRoutes } from './past-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { probeRoutes } from './probe-routes.ts';
import { ApiError } from './problem.ts';
import { proxyRoutes } from './proxy-routes.ts';

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
  readonly configuration: Configuration;
  /** Locks and elections. */
  readonly queues: readonly Queues[];
  /** True once a complete snapshot was published. */
  readonly ready: () => boolean;
}

/** The HTTP API, listening. */
export interface ApiServer extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  close(): Promise<void>;
}

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
  // Pages of other sites may send plain text without asking first.
  app.removeContentTypeParser('text/plain');
  await openApi(app);
  openApiRoute(app);
  probeRoutes(app, options);
  catalogRoutes(app, options);
  overlayRoutes(app, options.catalog, options.overlays);
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
  configRoutes(app, options.configuration);
  for (const queues of options.queues) leaseRoutes(app, queues);
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
