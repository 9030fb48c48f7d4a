import { createServer } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { Catalog, RegistrySource } from '@meshkeeper/mesh';
import type { XdsServer } from '@meshkeeper/xds';
import type { Logger } from '@meshkeeper/zookeeper';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { TokenStore } from '../auth/token-store.ts';
import type { ApiConfig } from '../config/api-schema.ts';
import { formatHostPort, type HostPort } from '../config/listen.ts';
import type { Configuration } from '../configuration/open-configuration.ts';
import type { CatalogIndex } from '../consul-api/catalog-index.ts';
import { consulApi } from '../consul-api/consul-api.ts';
import { ControlPlaneError } from '../control-plane-error.ts';
import type { DataPlanes } from '../convergence/data-planes.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { AnswerStore } from '../idempotency/answer-store.ts';
import type { Identity } from '../identity/identity.ts';
import type { RecordKeeper } from '../journal/record-keeper.ts';
import type { Queues } from '../leases/queues.ts';
import type { Members } from '../members/members.ts';
import type { MeshConvergence } from '../members/mesh-convergence.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Mirrors } from '../mirrors/mirrors.ts';
import type { OverlayStore } from '../overlays/overlay-store.ts';
import type { Destinations } from '../plugins/destinations.ts';
import type { ControlPlanePolicies } from '../policies/open-policies.ts';
import type { PolicyStandings } from '../policies/policy-standings.ts';
import type { Registrations } from '../registrations/registrations.ts';
import { AllowedMethods } from './allowed-methods.ts';
import { auditWrites } from './audit-hook.ts';
import { auditRoutes } from './audit-routes.ts';
import { authzRoute } from './authz-route.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { answerClientError } from './client-errors.ts';
import { configRoutes } from './config-routes.ts';
import { convergenceRoute } from './convergence-route.ts';
import { destinationsRoute } from './destinations-route.ts';
import { eventRoutes } from './event-routes.ts';
import { limitStreams } from './event-stream.ts';
import { explainRoute } from './explain-route.ts';
import { guard } from './guard.ts';
import { identityRoutes } from './identity-routes.ts';
import { leaseRoutes } from './lease-routes.ts';
import { type Listening, listenersRoute } from './listeners-route.ts';
import { membersRoute } from './members-route.ts';
import { MeshView } from './mesh-view.ts';
import { mirrorsRoute } from './mirrors-route.ts';
import { openApi, openApiRoute } from './openapi.ts';
import { overlayRoutes } from './overlay-routes.ts';
import { pastRoutes } from './past-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { probeRoutes } from './probe-routes.ts';
import { ApiError } from './problem.ts';
import { problemOf } from './problem-of.ts';
import { proxyRoutes } from './proxy-routes.ts';
import { registrationRoutes } from './registration-routes.ts';
import { followTls, readTls } from './tls-files.ts';
import { tokenRoutes } from './token-routes.ts';

/** What the API shows and changes. */
export interface ApiOptions {
  readonly config: ApiConfig;
  readonly authenticator: Authenticator;
  readonly tokens: TokenStore;
  readonly logger: Logger;
  readonly events: EventBus;
  readonly audit: AuditLog;
  readonly answers: AnswerStore;
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly overlays: OverlayStore;
  readonly policies: ControlPlanePolicies;
  readonly standings: PolicyStandings;
  readonly records: RecordKeeper;
  readonly xds: XdsServer;
  readonly metrics: Metrics;
  readonly mirrors: Mirrors;
  readonly destinations: Destinations;
  readonly dataPlanes: DataPlanes;
  readonly members: Members;
  readonly listening: Listening;
  readonly mesh: MeshConvergence;
  readonly configuration: Configuration;
  readonly identity: Identity;
  /** Locks and elections. */
  readonly queues: readonly Queues[];
  readonly registrations: Registrations;
  /** The catalog, as it is served. */
  readonly served: CatalogIndex;
  /** True once a complete snapshot was published. */
  readonly ready: () => boolean;
}

/** The HTTP API, listening. */
export interface ApiServer extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A request has so long to arrive whole, in milliseconds. */
const REQUEST_TIMEOUT = 60_000;

/**
 * Starts the HTTP API.
 * @throws ControlPlaneError LISTEN_FAILED, INVALID_CONFIG
 */
export async function startApi(options: ApiOptions): Promise<ApiServer> {
  const { config, logger } = options;
  await using stack = new AsyncDisposableStack();
  const tls = config.tls && (await readTls(config.tls));
  const app = Fastify({
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => answer(problemOf(error), reply),
    // Of a name in a path: Dubbo's services and policies in namespaces are longer than a hundred.
    routerOptions: { maxParamLength: 8 * 1024 },
    serverFactory: (handler) => {
      const server = tls ? createSecureServer(tls, handler) : createServer(handler);
      if (server instanceof SecureServer && config.tls)
        stack.use(followTls(server, config.tls, logger));
      return Object.assign(server, { requestTimeout: REQUEST_TIMEOUT });
    },
  });
  stack.defer(() => app.close());
  answerErrors(app, logger);
  // Pages of other sites may send plain text without asking first.
  app.removeContentTypeParser('text/plain');
  guard(app, options);
  auditWrites(app, options.audit);
  await openApi(app);
  app.decorate('answers', options.answers);
  app.decorate('timeLimit', config.limits.time);
  limitStreams(app, config.limits.streams);
  addRoutes(app, options);
  const locks = options.queues.find(({ kind }) => kind === 'lock');
  if (config.consul && locks !== undefined)
    await consulApi(app, { catalog: options.served, configuration: options.configuration, locks });
  const url = await listen(app, config.listen);
  const running = stack.move();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= running.disposeAsync();
    return closing;
  };
  return { url: tls ? url.replace(/^http:/, 'https:') : url, close, [Symbol.asyncDispose]: close };
}

function addRoutes(app: FastifyInstance, options: ApiOptions): void {
  openApiRoute(app);
  probeRoutes(app, options);
  catalogRoutes(app, options);
  overlayRoutes(app, options.catalog, options.overlays);
  explainRoute(app, { ...options, policies: options.policies.served });
  pastRoutes(app, options.records);
  mirrorsRoute(app, options.mirrors);
  destinationsRoute(app, options.destinations);
  membersRoute(app, options.members);
  listenersRoute(app, options.listening);
  const meshView = new MeshView(options.members.id, options.policies.served, options.destinations);
  convergenceRoute(app, { ...options, convergence: options.dataPlanes.convergence, meshView });
  policyRoutes(app, {
    ...options.policies,
    standings: options.standings,
    catalog: options.catalog,
    mesh: options.mesh,
    meshView,
    kinds: options.dataPlanes.kinds,
  });
  proxyRoutes(app, options.catalog, options.dataPlanes);
  configRoutes(app, options.configuration, {
    ...{ identity: options.identity, replica: options.members.id },
  });
  for (const queues of options.queues) leaseRoutes(app, queues);
  registrationRoutes(app, options.registrations);
  identityRoutes(app, options.identity);
  authzRoute(app, options.catalog, options.identity);
  tokenRoutes(app, options.tokens);
  eventRoutes(app, options.events, options.records);
  auditRoutes(app, options.audit);
}

function answer(problem: ApiError, reply: FastifyReply): void {
  if (problem.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer');
  void reply.code(problem.status).type('application/problem+json').send(problem.document());
}

/** What goes wrong is told by a problem document. */
function answerErrors(app: FastifyInstance, logger: Logger): void {
  const methods = new AllowedMethods(app);
  const nothing = ({ method, url }: FastifyRequest, reply: FastifyReply) => {
    const allowed = methods.of(url);
    if (allowed.length === 0) return new ApiError('not-found', `there is nothing at ${url}`);
    void reply.header('allow', allowed.join(', '));
    return new ApiError('method-not-allowed', `${method} is none of ${allowed.join(', ')}`);
  };
  app.setNotFoundHandler((request, reply) => answer(nothing(request, reply), reply));
  app.setErrorHandler((error, request, reply) => {
    // What is wrong with a body is of no interest where there is nothing.
    const nowhere = request.is404 && !(error instanceof ApiError);
    const problem = nowhere ? nothing(request, reply) : problemOf(error);
    if (problem.code === 'internal')
      logger.warn({ err: error, route: request.routeOptions.url }, 'the API has failed');
    answer(problem, reply);
  });
}

async function listen(app: FastifyInstance, { host, port }: HostPort): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const busy = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const where = formatHostPort({ host, port });
    throw new ControlPlaneError(
      'LISTEN_FAILED',
      busy
        ? `the API's address ${where} is in use: stop what listens there, or choose another with --api-listen`
        : `the API can't listen on ${where}: ${String(cause)}`,
      { cause },
    );
  }
}
