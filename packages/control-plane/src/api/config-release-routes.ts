import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Configuration } from '../configuration/open-configuration.ts';
import { actorOf, CONFIG_READS, CONFIG_WRITES, patience, refOf, soon } from './config-calls.ts';
import { configured, ifMatch } from './config-errors.ts';
import { changeView, entriesView, releaseView, scheduledView } from './config-views.ts';
import { NO_CONTENT, route } from './route.ts';
import {
  diffQuery,
  publishBody,
  publishedSchema,
  releaseListQuery,
  releaseListSchema,
  rollbackBody,
} from './schemas/config-release-schemas.ts';
import {
  changesSchema,
  contentSchema,
  namespaceParams,
  releaseParams,
  scheduledParams,
  scheduledSchema,
} from './schemas/config-schemas.ts';

/** What is released, was, and will be. */
export function configReleaseRoutes(app: FastifyInstance, { store, live }: Configuration): void {
  const { releases, schedule } = store;
  const folder = '/api/v1/config/:application/:namespace';
  route(app, {
    method: 'POST',
    path: `${folder}/publish`,
    id: 'publishConfig',
    tag: 'configuration',
    summary: 'Make the draft what all get, now or at a time',
    description:
      'With `If-Match` only the draft that was seen. `conflict` when something else was published since the draft was begun: rebase it.',
    role: 'publisher',
    params: namespaceParams,
    body: publishBody,
    bodyExample: { message: 'checkout for all' },
    answer: publishedSchema,
    problems: [...CONFIG_WRITES, 'precondition-failed', 'nothing-changed'],
    handle: ({ params, body: { message, at }, caller, raw }) =>
      configured(async () => {
        const [ref, actor, signal] = [refOf(params), actorOf(caller), patience()];
        const options = { message, tag: ifMatch(raw) };
        if (at !== undefined) {
          const scheduled = await schedule.add(ref, at, options, actor, signal);
          return { scheduled: scheduledView(scheduled), changes: [] };
        }
        const { release, changes } = await releases.publish(ref, options, actor, signal);
        await live.seen(ref, release.number, soon());
        return { release: releaseView(release), changes: changes.map(changeView) };
      }),
  });
  route(app, {
    method: 'POST',
    path: `${folder}/rollback`,
    id: 'rollbackConfig',
    tag: 'configuration',
    summary: 'Release what an old release holds',
    role: 'publisher',
    params: namespaceParams,
    body: rollbackBody,
    bodyExample: { to: 41, message: 'orders fail' },
    answer: publishedSchema,
    problems: [...CONFIG_WRITES, 'nothing-changed'],
    handle: ({ params, body: { to, message }, caller }) =>
      configured(async () => {
        const [ref, actor, signal] = [refOf(params), actorOf(caller), patience()];
        const { release, changes } = await releases.rollback(ref, to, { message }, actor, signal);
        await live.seen(ref, release.number, soon());
        return { release: releaseView(release), changes: changes.map(changeView) };
      }),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/releases`,
    id: 'listConfigReleases',
    tag: 'configuration',
    summary: 'The releases of a namespace, the newest first',
    role: 'viewer',
    params: namespaceParams,
    query: releaseListQuery,
    answer: releaseListSchema,
    problems: CONFIG_READS,
    handle: ({ params, query: { before, limit } }) =>
      configured(async () => {
        const found = await releases.list(refOf(params), { before, limit: limit + 1 }, patience());
        const items = found.slice(0, limit).map(releaseView);
        return { items, ...(found.length > limit && { next: items.at(-1)!.number }) };
      }),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/releases/:release`,
    id: 'getConfigRelease',
    tag: 'configuration',
    summary: 'A release, with all that it holds',
    role: 'viewer',
    params: releaseParams,
    answer: contentSchema.omit({ public: true, grays: true, scheduled: true, next: true }),
    problems: CONFIG_READS,
    handle: ({ params }) =>
      configured(async () => {
        const ref = refOf(params);
        const { release, content } = await releases.get(ref, params.release, patience());
        return {
          ...ref,
          format: content.format,
          release: releaseView(release),
          entries: entriesView(content),
          ...(content.schema !== undefined && { schema: content.schema }),
        };
      }),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/diff`,
    id: 'diffConfig',
    tag: 'configuration',
    summary: 'What it takes from one release to another; `head` and `draft` are two of them',
    role: 'viewer',
    params: namespaceParams,
    query: diffQuery,
    answer: changesSchema,
    problems: CONFIG_READS,
    handle: ({ params, query: { from, to } }) =>
      configured(async () => {
        const changes = await releases.diff(refOf(params), from, to, patience());
        return { changes: changes.map(changeView) };
      }),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/scheduled`,
    id: 'listConfigScheduled',
    tag: 'configuration',
    summary: 'The releases to come',
    role: 'viewer',
    params: namespaceParams,
    answer: z.object({ items: z.array(scheduledSchema) }),
    problems: CONFIG_READS,
    handle: ({ params }) =>
      configured(async () => {
        const items = await schedule.list(refOf(params), patience());
        return { items: items.map(scheduledView) };
      }),
  });
  route(app, {
    method: 'DELETE',
    path: `${folder}/scheduled/:id`,
    id: 'cancelConfigScheduled',
    tag: 'configuration',
    summary: 'Call a release to come off',
    role: 'publisher',
    params: scheduledParams,
    answer: NO_CONTENT,
    problems: CONFIG_WRITES,
    handle: ({ params, caller }) =>
      configured(async () => {
        await schedule.cancel(refOf(params), params.id, actorOf(caller), patience());
        return undefined;
      }),
  });
}
