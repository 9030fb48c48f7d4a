import { DOCUMENT_KEY, type Entry, noKeys } from '@meshkeeper/config';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Configuration } from '../configuration/open-configuration.ts';
import type { Identity } from '../identity/identity.ts';
import { actorOf, CONFIG_READS, CONFIG_WRITES, patience } from './config-calls.ts';
import { configured, mustMatch } from './config-errors.ts';
import { importApplication } from './config-import.ts';
import { entriesView } from './config-views.ts';
import { certified } from './identity-errors.ts';
import { NO_CONTENT, route } from './route.ts';
import { exportSchema, importBody, importedSchema } from './schemas/config-exchange-schemas.ts';
import { applicationParams, namespaceParams } from './schemas/config-schemas.ts';

/** Namespaces that are sent at once may take so many bytes. */
const BODY_LIMIT = 64 * 1024 * 1024;

/** Whole applications, as they come and go. */
export function configExchangeRoutes(
  app: FastifyInstance,
  configuration: Configuration,
  identity: Identity,
): void {
  const { store, vault } = configuration;
  const { applications, releases, removal } = store;
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application/export',
    id: 'exportConfig',
    tag: 'configuration',
    summary: 'All that is released of an application, in a form that can be imported',
    description:
      'With what it links to and who may publish. Secrets are named, without their texts; what is not released, gray releases and the history stay.',
    role: 'viewer',
    params: applicationParams,
    answer: exportSchema,
    problems: CONFIG_READS,
    handle: ({ params: { application } }) =>
      configured(async () => {
        const signal = patience();
        const { links, fourEyes } = await applications.get(application, signal);
        const namespaces: z.output<typeof exportSchema>['namespaces'] = {};
        for (const { namespace, pointer } of await applications.namespaces(application, signal)) {
          if (pointer.head === undefined) continue;
          const { content } = await releases.get({ application, namespace }, 'head', signal);
          const { format, entries, schema } = content;
          const document = entries.get(DOCUMENT_KEY);
          namespaces[namespace] = {
            ...{ format, public: pointer.public },
            ...(format === 'keys'
              ? { entries: entriesView(content) }
              : { document: textOf(document) }),
            ...(schema !== undefined && { schema }),
          };
        }
        return { application, links, fourEyes, namespaces };
      }),
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/config/:application/import',
    id: 'importConfig',
    tag: 'configuration',
    summary: 'Say all that some namespaces of an application hold',
    description:
      'What an export gives. Into drafts; with `publish` they are released, which takes the role `publisher`, and what is said of the application is changed, too. What is not named stays. Each by itself: what is wrong with one is said beside it.',
    role: 'editor',
    params: applicationParams,
    body: importBody,
    bodyExample: { namespaces: { default: { entries: { greeting: 'hello' } } }, publish: true },
    bodyLimit: BODY_LIMIT,
    answer: importedSchema,
    problems: CONFIG_WRITES,
    handle: ({ params: { application }, body, caller }) =>
      configured(() => importApplication(configuration, application, body, actorOf(caller))),
  });
  route(app, {
    method: 'DELETE',
    path: '/api/v1/config/:application/:namespace',
    id: 'deleteConfigNamespace',
    tag: 'configuration',
    summary: 'Delete a namespace, with all its releases',
    description: 'Needs `If-Match`: the ETag of its draft.',
    role: 'admin',
    params: namespaceParams,
    answer: NO_CONTENT,
    problems: [...CONFIG_WRITES, 'precondition-failed', 'precondition-required'],
    handle: ({ params: { application, namespace }, caller, raw }) =>
      configured(async () => {
        const ref = { application, namespace };
        await removal.remove(ref, mustMatch(raw), actorOf(caller), patience());
        return undefined;
      }),
  });
  route(app, {
    method: 'POST',
    path: '/api/v1/secrets/rotate',
    id: 'rotateSecrets',
    tag: 'configuration',
    summary:
      'Encrypt all secrets anew with the current key, and the keys of certificate authorities',
    description: 'It may be interrupted and asked for again: what has the current key stays.',
    role: 'admin',
    answer: z.object({ rotated: z.int().nonnegative(), current: z.int().nonnegative() }),
    problems: ['no-secret-key', 'conflict', 'zookeeper-unavailable'],
    handle: ({ caller }, reply) =>
      configured(async () => {
        if (vault === undefined) throw noKeys();
        const gone = new AbortController();
        reply.raw.once('close', () => gone.abort());
        const secrets = await vault.rotate(actorOf(caller), gone.signal);
        const keys = await certified(async () => (await identity.authority()).reseal(gone.signal));
        return {
          rotated: secrets.rotated + keys.resealed,
          current: secrets.current + keys.current,
        };
      }),
  });
}

function textOf(entry: Entry | undefined): string {
  return entry === undefined || entry.type === 'secret' ? '' : entry.value;
}
