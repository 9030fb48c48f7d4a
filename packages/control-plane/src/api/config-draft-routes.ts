import { DOCUMENT_KEY, type Edit, type InputEntry } from '@meshkeeper/config';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Configuration } from '../configuration/open-configuration.ts';
import { actorOf, CONFIG_READS, CONFIG_WRITES, patience, refOf } from './config-calls.ts';
import { configured, mustMatch, tagged } from './config-errors.ts';
import { changeView, draftView } from './config-views.ts';
import type { ApiErrorCode } from './problem.ts';
import { type ApiRequest, NO_CONTENT, route } from './route.ts';
import {
  draftBody,
  draftSchema,
  editedSchema,
  type InputView,
  patchBody,
  rebasedSchema,
  schemaBody,
} from './schemas/config-draft-schemas.ts';
import { namespaceParams } from './schemas/config-schemas.ts';

/** Drafts may hold so many bytes as they are sent. */
const BODY_LIMIT = 64 * 1024 * 1024;
const EDITS: readonly ApiErrorCode[] = [
  ...CONFIG_WRITES,
  ...(['precondition-failed', 'precondition-required', 'no-secret-key'] as const),
];

/** What is to be published: edited, thrown away, brought up to date. */
export function configDraftRoutes(app: FastifyInstance, { store }: Configuration): void {
  const { drafts } = store;
  const path = '/api/v1/config/:application/:namespace/draft';

  const edit = (
    {
      params,
      caller,
      raw,
    }: Pick<ApiRequest<Params, unknown, unknown>, 'params' | 'caller' | 'raw'>,
    reply: FastifyReply,
    change: Omit<Edit, 'tag'>,
  ) =>
    configured(async () => {
      const wanted = { ...change, tag: mustMatch(raw) };
      const edited = await drafts.edit(refOf(params), wanted, actorOf(caller), patience());
      tagged(reply, edited.tag);
      return { ...edited, changes: edited.changes.map(changeView) };
    });

  route(app, {
    method: 'GET',
    path,
    id: 'getConfigDraft',
    tag: 'configuration',
    summary: 'The draft of a namespace; without one, what a first edit begins with',
    role: 'viewer',
    params: namespaceParams,
    answer: draftSchema,
    problems: CONFIG_READS,
    handle: ({ params }, reply) =>
      configured(async () => {
        const draft = await drafts.get(refOf(params), patience());
        tagged(reply, draft.tag);
        return draftView(draft);
      }),
  });
  route(app, {
    method: 'PUT',
    path,
    id: 'putConfigDraft',
    tag: 'configuration',
    summary: 'Say all that a draft holds',
    description: 'Application and namespace are made if there are none. Needs `If-Match`.',
    role: 'editor',
    params: namespaceParams,
    body: draftBody,
    bodyExample: { entries: { 'feature.checkout': 'on', limits: { type: 'json', value: '{}' } } },
    bodyLimit: BODY_LIMIT,
    answer: editedSchema,
    problems: EDITS,
    handle(request, reply) {
      const { body } = request;
      if ('entries' in body)
        return edit(request, reply, { format: 'keys', replace: true, set: inputsOf(body.entries) });
      const { format, document } = body;
      const set = new Map([[DOCUMENT_KEY, { type: format, value: document }]]);
      return edit(request, reply, { format, replace: true, set });
    },
  });
  route(app, {
    method: 'PATCH',
    path,
    id: 'patchConfigDraft',
    tag: 'configuration',
    summary: 'Change some keys of a draft',
    description: 'As the PUT, but what is not named stays.',
    role: 'editor',
    params: namespaceParams,
    body: patchBody,
    bodyExample: { set: { 'feature.checkout': 'off' }, remove: ['feature.old'] },
    bodyLimit: BODY_LIMIT,
    answer: editedSchema,
    problems: EDITS,
    handle: (request, reply) =>
      edit(request, reply, { set: inputsOf(request.body.set), remove: request.body.remove }),
  });
  route(app, {
    method: 'DELETE',
    path,
    id: 'discardConfigDraft',
    tag: 'configuration',
    summary: 'Throw a draft away',
    role: 'editor',
    params: namespaceParams,
    answer: NO_CONTENT,
    problems: [...CONFIG_WRITES, 'precondition-failed', 'precondition-required'],
    handle: ({ params, caller, raw }) =>
      configured(async () => {
        await drafts.discard(refOf(params), mustMatch(raw), actorOf(caller), patience());
        return undefined;
      }),
  });
  route(app, {
    method: 'POST',
    path: `${path}/rebase`,
    id: 'rebaseConfigDraft',
    tag: 'configuration',
    summary: "Make a draft's changes to what is released now",
    role: 'editor',
    params: namespaceParams,
    answer: rebasedSchema,
    problems: [...CONFIG_WRITES, 'precondition-failed', 'precondition-required'],
    handle: ({ params, caller, raw }, reply) =>
      configured(async () => {
        const signal = patience();
        const rebased = await drafts.rebase(refOf(params), mustMatch(raw), actorOf(caller), signal);
        tagged(reply, rebased.tag);
        return rebased;
      }),
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/config/:application/:namespace/schema',
    id: 'putConfigSchema',
    tag: 'configuration',
    summary: 'Say in the draft what a namespace has to look like',
    description: 'It is refused while something in the draft does not agree with it.',
    role: 'editor',
    params: namespaceParams,
    body: schemaBody,
    bodyExample: { type: 'object', properties: { port: { type: 'integer' } } },
    bodyLimit: 1024 * 1024,
    answer: editedSchema,
    problems: EDITS,
    handle: (request, reply) =>
      edit(request, reply, { schema: JSON.stringify(request.body, null, 2) }),
  });
  route(app, {
    method: 'DELETE',
    path: '/api/v1/config/:application/:namespace/schema',
    id: 'deleteConfigSchema',
    tag: 'configuration',
    summary: 'Take the schema away, in the draft',
    role: 'editor',
    params: namespaceParams,
    answer: editedSchema,
    problems: EDITS,
    handle: (request, reply) => edit(request, reply, { schema: null }),
  });
}

type Params = { readonly application: string; readonly namespace: string };

/** What an editor has sent, as the store takes it. */
export function inputsOf(entries: Readonly<Record<string, InputView>>): Map<string, InputEntry> {
  return new Map(
    Object.entries(entries).map(([key, input]): [string, InputEntry] => {
      const comment = 'comment' in input ? input.comment : undefined;
      const said = comment === undefined ? {} : { comment };
      if ('secret' in input) {
        const { secret, digest } = input;
        return [key, { type: 'secret', secret, digest, ...said }];
      }
      const { value } = input;
      const type = 'type' in input ? input.type : undefined;
      if (type === undefined) return [key, { value, ...said }];
      return [key, type === 'secret' ? { type, value, ...said } : { type, value, ...said }];
    }),
  );
}
