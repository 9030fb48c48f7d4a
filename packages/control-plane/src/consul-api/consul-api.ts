import type { FastifyInstance } from 'fastify';
import { ApiError } from '../api/problem.ts';
import { problemOf } from '../api/problem-of.ts';
import type { Configuration } from '../configuration/open-configuration.ts';
import type { Queues } from '../leases/queues.ts';
import type { CatalogIndex } from './catalog-index.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { ConsulFault } from './consul-fault.ts';
import { KvIndex } from './kv-index.ts';
import { kvRoutes } from './kv-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { Sessions } from './sessions.ts';

/** What is shown as Consul's API. */
export interface ConsulApiOptions {
  readonly catalog: CatalogIndex;
  readonly configuration: Configuration;
  readonly locks: Queues;
}

/**
 * Adds what clients of Consul's HTTP API ask of an agent, under `/v1`: catalog and health to read,
 * configuration as keys to read, sessions and locks. It is none of our own API, and errors are plain
 * text as there.
 */
export async function consulApi(app: FastifyInstance, options: ConsulApiOptions): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Of keys any bytes, and clients say what they like of them.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, _request, reply) => {
      const { status, message } = error instanceof ConsulFault ? error : faultOf(error);
      void reply.code(status).type('text/plain; charset=utf-8').send(message);
    });
    const kv = new KvIndex(options.configuration.live);
    scope.addHook('onClose', async () => kv[Symbol.dispose]());
    const sessions = new Sessions(options.locks);
    catalogRoutes(scope, options.catalog);
    kvRoutes(scope, kv, sessions);
    sessionRoutes(scope, sessions);
  });
}

/** As Consul says it: who isn't known is forbidden, too. */
function faultOf(error: unknown): { readonly status: number; readonly message: string } {
  const problem = problemOf(error);
  const status = problem.status === 401 ? 403 : problem.status === 503 ? 500 : problem.status;
  return { status, message: problem instanceof ApiError ? problem.message : String(problem) };
}
