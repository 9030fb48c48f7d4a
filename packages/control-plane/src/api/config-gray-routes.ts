import { isDeepStrictEqual } from 'node:util';
import type { NamespaceRef, Pointer } from '@meshkeeper/config';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '../auth/caller.ts';
import type { Configuration } from '../configuration/open-configuration.ts';
import { actorOf, CONFIG_WRITES, patience, refOf, soon } from './config-calls.ts';
import { configured, ifMatch } from './config-errors.ts';
import { changeView, grayView, releaseView } from './config-views.ts';
import { NO_CONTENT, route } from './route.ts';
import {
  abandonBody,
  grayBody,
  grayUpdateBody,
  promoteBody,
  signalBody,
  signalledSchema,
} from './schemas/config-gray-schemas.ts';
import { publishedSchema } from './schemas/config-release-schemas.ts';
import { grayParams, graySchema, namespaceParams, signalParams } from './schemas/config-schemas.ts';

/** Releases for some, and what ends them. */
export function configGrayRoutes(app: FastifyInstance, { store, live }: Configuration): void {
  const { grays, signals } = store;
  const folder = '/api/v1/config/:application/:namespace/gray';
  const one = `${folder}/:gray`;
  const ended = (ref: NamespaceRef, name: string) =>
    live.pointed(ref, (pointer) => !pointer?.grays.some((gray) => gray.name === name), soon());
  route(app, {
    method: 'POST',
    path: folder,
    id: 'createConfigGray',
    tag: 'configuration',
    summary: 'Release the draft to some instances',
    description:
      'One of the rules has to match an instance, with all that it says. Who is in a percentage stays in it when it grows.',
    role: 'publisher',
    params: namespaceParams,
    body: grayBody,
    bodyExample: { name: 'canary', rules: [{ percentage: 10 }], abandonOn: ['checkout-errors'] },
    answer: graySchema,
    status: 201,
    problems: [...CONFIG_WRITES, 'precondition-failed'],
    handle: ({ params, body, caller, raw }) =>
      configured(async () => {
        const wanted = { ...body, tag: ifMatch(raw) };
        const { gray } = await grays.create(refOf(params), wanted, actorOf(caller), patience());
        await live.seen(refOf(params), gray.release.number, soon());
        return grayView(gray);
      }),
  });
  route(app, {
    method: 'PUT',
    path: one,
    id: 'updateConfigGray',
    tag: 'configuration',
    summary: 'Say for whom a gray release is, and when it ends',
    role: 'publisher',
    params: grayParams,
    body: grayUpdateBody,
    bodyExample: { rules: [{ percentage: 50 }] },
    answer: graySchema,
    problems: CONFIG_WRITES,
    handle: ({ params, body, caller }) =>
      configured(async () => {
        const [ref, name] = [refOf(params), params.gray];
        const updated = await grays.update(ref, name, body, actorOf(caller), patience());
        const isSeen = ({ grays: seen }: Pointer) =>
          seen.some((gray) => isDeepStrictEqual(gray, updated));
        await live.pointed(ref, (pointer) => pointer !== undefined && isSeen(pointer), soon());
        return grayView(updated);
      }),
  });
  route(app, {
    method: 'POST',
    path: `${one}/promote`,
    id: 'promoteConfigGray',
    tag: 'configuration',
    summary: 'Release to all what some have',
    role: 'publisher',
    params: grayParams,
    body: promoteBody,
    answer: publishedSchema,
    problems: [...CONFIG_WRITES, 'nothing-changed'],
    handle: ({ params, body, caller }) =>
      configured(async () => {
        const [ref, actor, signal] = [refOf(params), actorOf(caller), patience()];
        const { release, changes } = await grays.promote(ref, params.gray, body, actor, signal);
        await live.seen(ref, release.number, soon());
        return { release: releaseView(release), changes: changes.map(changeView) };
      }),
  });

  const abandon = (
    params: z.output<typeof grayParams>,
    reason: string | undefined,
    caller: Caller,
    _reply: FastifyReply,
  ) =>
    configured(async () => {
      await grays.abandon(refOf(params), params.gray, reason, actorOf(caller), patience());
      await ended(refOf(params), params.gray);
      return undefined;
    });
  route(app, {
    method: 'POST',
    path: `${one}/abandon`,
    id: 'abandonConfigGray',
    tag: 'configuration',
    summary: 'End a gray release: all get what was released to all',
    role: 'publisher',
    params: grayParams,
    body: abandonBody,
    answer: NO_CONTENT,
    problems: CONFIG_WRITES,
    handle: ({ params, body, caller }, reply) => abandon(params, body.reason, caller, reply),
  });
  route(app, {
    method: 'DELETE',
    path: one,
    id: 'deleteConfigGray',
    tag: 'configuration',
    summary: 'End a gray release',
    role: 'publisher',
    params: grayParams,
    answer: NO_CONTENT,
    problems: CONFIG_WRITES,
    handle: ({ params, caller }, reply) => abandon(params, undefined, caller, reply),
  });
  route(app, {
    method: 'POST',
    path: '/api/v1/config/:application/signals/:signal',
    id: 'raiseConfigSignal',
    tag: 'configuration',
    summary: 'Say that something is wrong: ends the gray releases that name it',
    description: "Takes what Alertmanager's webhook sends, too: of that only what fires counts.",
    role: 'publisher',
    params: signalParams,
    body: signalBody,
    bodyExample: { detail: 'checkout fails for 3 %' },
    bodyLimit: 1024 * 1024,
    answer: signalledSchema,
    problems: CONFIG_WRITES,
    handle: ({ params: { application, signal: name }, body, caller }) =>
      configured(async () => {
        const said = detailOf(body);
        if (!said.raised) return { raised: false, abandoned: [] };
        const actor = actorOf(caller);
        const abandoned = await signals.raise(application, name, said.detail, actor, patience());
        await Promise.all(abandoned.map(({ gray, ...ref }) => ended(ref, gray)));
        return { raised: true, abandoned };
      }),
  });
}

/** What a signal says; an alert that is over is none. */
function detailOf(body: z.output<typeof signalBody>): {
  readonly raised: boolean;
  readonly detail?: string | undefined;
} {
  if (!('alerts' in body)) return { raised: true, detail: body.detail };
  const firing = body.alerts.filter(({ status }) => status === 'firing');
  if (body.status !== 'firing' || firing.length === 0) return { raised: false };
  const texts = firing.map(
    ({ labels, annotations }) => annotations.summary ?? labels.alertname ?? 'an alert fires',
  );
  return { raised: true, detail: texts.join('; ').slice(0, 1_000) };
}
