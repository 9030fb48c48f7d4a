import { ConfigError } from '@meshkeeper/config';
import type { FastifyInstance } from 'fastify';
import type { Configuration } from '../configuration/open-configuration.ts';
import type { Identity } from '../identity/identity.ts';
import { actorOf, CONFIG_READS, CONFIG_WRITES, patience, refOf } from './config-calls.ts';
import { configDraftRoutes } from './config-draft-routes.ts';
import { configured, ifMatch, mustMatch, tagged } from './config-errors.ts';
import { configExchangeRoutes } from './config-exchange-routes.ts';
import { configGrayRoutes } from './config-gray-routes.ts';
import { configInstanceRoutes } from './config-instance-routes.ts';
import { configReleaseRoutes } from './config-release-routes.ts';
import { configResolveRoutes } from './config-resolve-routes.ts';
import {
  entriesView,
  grayView,
  namespaceView,
  releaseView,
  scheduledView,
} from './config-views.ts';
import { NO_CONTENT, route } from './route.ts';
import {
  applicationBody,
  applicationListQuery,
  applicationListSchema,
  applicationParams,
  applicationSchema,
  contentQuery,
  contentSchema,
  deleteQuery,
  namespaceParams,
  namespaceSchema,
  settingsBody,
} from './schemas/config-schemas.ts';

/** What the configuration of applications is told of the rest. */
export interface ConfigRoutesOptions {
  /** Whose keys are rotated with those of secrets. */
  readonly identity: Identity;
  /** The id of this replica. */
  readonly replica: string;
}

/** The configuration of applications. */
export function configRoutes(
  app: FastifyInstance,
  configuration: Configuration,
  { identity, replica }: ConfigRoutesOptions,
): void {
  applicationRoutes(app, configuration);
  contentRoutes(app, configuration);
  configDraftRoutes(app, configuration);
  configReleaseRoutes(app, configuration);
  configGrayRoutes(app, configuration);
  configResolveRoutes(app, configuration);
  configInstanceRoutes(app, configuration, replica);
  configExchangeRoutes(app, configuration, identity);
}

function applicationRoutes(app: FastifyInstance, { store }: Configuration): void {
  const { applications } = store;
  const view = async (name: string) => {
    const { application, links, fourEyes, tag } = await applications.get(name, patience());
    const namespaces = await applications.namespaces(name, patience());
    return { tag, application, links, fourEyes, namespaces: namespaces.map(namespaceView) };
  };
  route(app, {
    method: 'GET',
    path: '/api/v1/config',
    id: 'listConfigApplications',
    tag: 'configuration',
    summary: 'The applications that have configuration, and their namespaces',
    role: 'viewer',
    query: applicationListQuery,
    answer: applicationListSchema,
    problems: ['zookeeper-unavailable'],
    handle: ({ query: { limit, after = '' } }) =>
      configured(async () => {
        const names = (await applications.list(patience())).filter((name) => name > after);
        const items = await Promise.all(
          names.slice(0, limit).map(async (application) => ({
            application,
            namespaces: (await applications.namespaces(application, patience())).map(
              ({ namespace }) => namespace,
            ),
          })),
        );
        return { items, ...(names.length > limit && { next: items.at(-1)!.application }) };
      }),
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application',
    id: 'getConfigApplication',
    tag: 'configuration',
    summary: 'What an application links to, and its namespaces',
    role: 'viewer',
    params: applicationParams,
    answer: applicationSchema,
    problems: CONFIG_READS,
    handle: ({ params }, reply) =>
      configured(async () => {
        const { tag, ...application } = await view(params.application);
        tagged(reply, tag);
        return application;
      }),
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/config/:application',
    id: 'putConfigApplication',
    tag: 'configuration',
    summary: 'Say what an application links to, and whether it takes two to publish',
    description:
      'It is made if there is none; of one that there is, `If-Match` has to say what was seen. `fourEyes` takes the role `admin`.',
    role: 'publisher',
    params: applicationParams,
    body: applicationBody,
    bodyExample: { links: [{ application: 'payments', namespace: 'client' }] },
    answer: applicationSchema,
    problems: [...CONFIG_WRITES, 'precondition-failed'],
    handle: ({ params, body: { links, fourEyes }, caller, raw }, reply) =>
      configured(async () => {
        const changes = { ...(links && { links }), ...(fourEyes !== undefined && { fourEyes }) };
        const name = params.application;
        await applications.set(name, changes, ifMatch(raw), actorOf(caller), patience());
        const { tag, ...application } = await view(name);
        tagged(reply, tag);
        return application;
      }),
  });
  route(app, {
    method: 'DELETE',
    path: '/api/v1/config/:application',
    id: 'deleteConfigApplication',
    tag: 'configuration',
    summary: 'Delete an application, with all its namespaces and their releases',
    description:
      'Needs `If-Match`. Refused with `conflict` while others link to a namespace of it, unless forced. It may be interrupted, and asked for again.',
    role: 'admin',
    params: applicationParams,
    query: deleteQuery,
    answer: NO_CONTENT,
    problems: [...CONFIG_WRITES, 'precondition-failed', 'precondition-required'],
    handle: ({ params: { application }, query: { force }, caller, raw }) =>
      configured(async () => {
        const options = { tag: mustMatch(raw), force };
        await store.removal.removeApplication(application, options, actorOf(caller), patience());
        return undefined;
      }),
  });
}

function contentRoutes(app: FastifyInstance, { store }: Configuration): void {
  const { applications } = store;
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application/:namespace',
    id: 'getConfigNamespace',
    tag: 'configuration',
    summary: 'What a namespace holds: what was released last, or any release',
    role: 'viewer',
    params: namespaceParams,
    query: contentQuery,
    answer: contentSchema,
    problems: CONFIG_READS,
    handle: ({ params, query: { release, prefix = '', after = '', limit } }, reply) =>
      configured(async () => {
        const ref = refOf(params);
        const signal = patience();
        const namespace = await applications.namespace(ref, signal);
        const found = await store.releases.get(ref, release ?? 'head', signal);
        const scheduled = await store.schedule.list(ref, signal);
        const keys = [...found.content.entries.keys()]
          .filter((key) => key.startsWith(prefix) && key > after)
          .sort();
        const shown = new Set(keys.slice(0, limit));
        const entries = new Map([...found.content.entries].filter(([key]) => shown.has(key)));
        tagged(reply, `r${found.release.number}`);
        return {
          ...ref,
          format: found.content.format,
          public: namespace?.pointer.public ?? false,
          release: releaseView(found.release),
          entries: entriesView({ ...found.content, entries }),
          ...(found.content.schema !== undefined && { schema: found.content.schema }),
          grays: (namespace?.pointer.grays ?? []).map(grayView),
          scheduled: scheduled.map(scheduledView),
          ...(keys.length > limit && { next: keys[limit - 1]! }),
        };
      }),
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/config/:application/:namespace/settings',
    id: 'putConfigSettings',
    tag: 'configuration',
    summary: 'Say whether other applications may link to a namespace',
    role: 'publisher',
    params: namespaceParams,
    body: settingsBody,
    bodyExample: { public: true },
    answer: namespaceSchema,
    problems: CONFIG_WRITES,
    handle: ({ params, body, caller }) =>
      configured(async () => {
        const ref = refOf(params);
        await applications.setPublic(ref, body.public, actorOf(caller), patience());
        const namespace = await applications.namespace(ref, patience());
        if (namespace === undefined)
          throw new ConfigError('NOT_FOUND', `somebody has deleted ${ref.namespace}`);
        return namespaceView(namespace);
      }),
  });
}
