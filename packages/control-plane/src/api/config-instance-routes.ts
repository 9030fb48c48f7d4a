import type { FastifyInstance } from 'fastify';
import type { Configuration } from '../configuration/open-configuration.ts';
import { pageOf } from './page.ts';
import { timeView } from './proxy-views.ts';
import { route } from './route.ts';
import { instanceListQuery, instanceListSchema } from './schemas/config-resolve-schemas.ts';
import { applicationParams } from './schemas/config-schemas.ts';

/** Which instance has which release. */
export function configInstanceRoutes(
  app: FastifyInstance,
  { instances }: Configuration,
  replica: string,
): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application/instances',
    id: 'listConfigInstances',
    tag: 'configuration',
    summary: 'Which instances have which releases',
    description:
      'Those that have asked this replica in the last hour, and have said an id or an address: each replica knows its own, and `GET /api/v1/members` tells which there are. With `namespace` and `release` only those that have that one.',
    role: 'viewer',
    params: applicationParams,
    query: instanceListQuery,
    answer: instanceListSchema,
    handle({ params, query: { namespace, release, ...page }, raw }, reply) {
      const { application } = params;
      const has = instances
        .of(application)
        .filter(
          ({ layers }) =>
            (namespace === undefined && release === undefined) ||
            layers.some(
              (layer) =>
                layer.application === application &&
                (namespace === undefined || layer.namespace === namespace) &&
                (release === undefined || layer.release === release),
            ),
        );
      const keyOf = ({ id = '', address = '', profiles }: (typeof has)[number]) =>
        `${id}\n${address}\n${profiles.join(',')}`;
      const { items, ...next } = pageOf(has, keyOf, page, raw, reply);
      return {
        replica,
        items: items.map(({ application: _, id, at, ...each }) => ({
          ...(id !== undefined && { instance: id }),
          ...{ ...each, at: timeView(at) },
        })),
        ...next,
      };
    },
  });
}
