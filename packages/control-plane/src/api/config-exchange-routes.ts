import {
  ConfigError,
  DOCUMENT_KEY,
  type Entry,
  type InputEntry,
  isConfigError,
} from '@meshkeeper/config';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Configuration } from '../configuration/open-configuration.ts';
import type { Identity } from '../identity/identity.ts';
import { actorOf, CONFIG_READS, CONFIG_WRITES, patience, soon } from './config-calls.ts';
import { inputsOf } from './config-draft-routes.ts';
import { configured, mustMatch } from './config-errors.ts';
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
  { store, live, vault }: Configuration,
  identity: Identity,
): void {
  const { applications, drafts, releases, removal } = store;
  route(app, {
    method: 'GET',
    path: '/api/v1/config/:application/export',
    id: 'exportConfig',
    tag: 'configuration',
    summary: 'All that is released of an application, in a form that can be imported',
    description: 'Secrets are named, without their texts.',
    role: 'viewer',
    params: applicationParams,
    answer: exportSchema,
    problems: CONFIG_READS,
    handle: ({ params: { application } }) =>
      configured(async () => {
        const signal = patience();
        await applications.get(application, signal); // there is one
        const namespaces: z.output<typeof exportSchema>['namespaces'] = {};
        for (const { namespace, pointer } of await applications.namespaces(application, signal)) {
          if (pointer.head === undefined) continue;
          const { content } = await releases.get({ application, namespace }, 'head', signal);
          const { format, entries, schema } = content;
          const document = entries.get(DOCUMENT_KEY);
          namespaces[namespace] = {
            format,
            ...(format === 'keys'
              ? { entries: entriesView(content) }
              : { document: textOf(document) }),
            ...(schema !== undefined && { schema }),
          };
        }
        return { application, namespaces };
      }),
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/config/:application/import',
    id: 'importConfig',
    tag: 'configuration',
    summary: 'Say all that some namespaces of an application hold',
    description:
      'What an export gives. Into drafts; with `publish` they are released, which takes the role `publisher`. Namespaces that are not named stay. Each by itself: what is wrong with one is said beside it.',
    role: 'editor',
    params: applicationParams,
    body: importBody,
    bodyExample: { namespaces: { default: { entries: { greeting: 'hello' } } }, publish: true },
    bodyLimit: BODY_LIMIT,
    answer: importedSchema,
    problems: CONFIG_WRITES,
    handle: ({ params: { application }, body: { namespaces, publish, message }, caller }) =>
      configured(async () => {
        const actor = actorOf(caller);
        const results: z.output<typeof importedSchema>['namespaces'] = {};
        for (const [namespace, stated] of Object.entries(namespaces)) {
          const ref = { application, namespace };
          const signal = patience();
          const { format = 'keys', entries = {}, document, schema } = stated;
          const set: Map<string, InputEntry> =
            format === 'keys'
              ? inputsOf(entries)
              : new Map([[DOCUMENT_KEY, { type: format, value: document ?? '' }]]);
          try {
            const edit = { tag: '*', replace: true, format, set, schema: schema ?? null };
            const { changes } = await drafts.edit(ref, edit, actor, signal);
            const result = { changes: changes.length };
            results[namespace] = result;
            if (!publish) continue;
            const { release } = await releases.publish(ref, { message }, actor, signal);
            results[namespace] = { ...result, release: release.number };
            await live.seen(ref, release.number, soon());
          } catch (error) {
            if (isConfigError(error, 'NOTHING_CHANGED')) {
              await drafts.discard(ref, '*', actor, signal);
              results[namespace] = { changes: 0 };
            } else if (error instanceof ConfigError)
              results[namespace] = { changes: 0, problem: error.message };
            else throw error;
          }
        }
        return { application, namespaces: results };
      }),
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
        if (vault === undefined)
          throw new ConfigError('NO_KEY', 'there is no key for secrets: see configuration.secrets');
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
