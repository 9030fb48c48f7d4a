import { policyId } from '@meshkeeper/policy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { writtenBy } from '../auth/caller.ts';
import { type PolicyRef, refId } from '../policies/policy-paths.ts';
import {
  answer,
  applied,
  applyQuery,
  type PolicyApplyOptions,
  WRITE_PROBLEMS,
} from './policy-apply.ts';
import { readWanted } from './policy-body.ts';
import { listOf, namespaced, refToChange, tagOf, unknown } from './policy-list.ts';
import { checkPreconditions } from './preconditions.ts';
import { ApiError, type ApiErrorCode } from './problem.ts';
import { route } from './route.ts';
import { appliedSchema, policyParams, wantedBody } from './schemas/policy-schemas.ts';

/** The media types of YAML. */
export const YAML = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];
const ACCEPTED = ['application/json', ...YAML];
/** Where one policy is written, `If-Match` counts, and it may be a source's. */
const ONE_PROBLEMS: readonly ApiErrorCode[] = [
  ...WRITE_PROBLEMS,
  'precondition-failed',
  'kept-elsewhere',
];

/** Policies that are sent at once may take so many bytes. */
const BODY_LIMIT = 16 * 1024 * 1024;
const putQuery = z.strictObject({ ...applyQuery.shape, ...namespaced.shape });
/** Applies policies, all or one. */
export function policyWriteRoutes(app: FastifyInstance, options: PolicyApplyOptions): void {
  route(app, {
    method: 'POST',
    path: '/api/v1/policies/apply',
    id: 'applyPolicies',
    tag: 'policies',
    summary: 'Make policies what is sent, all or none; `delete` those that are named',
    role: 'operator',
    query: applyQuery,
    body: wantedBody,
    accepts: ACCEPTED,
    bodyLimit: BODY_LIMIT,
    answer: appliedSchema,
    waits: ({ query }) => query.wait ?? 0,
    problems: WRITE_PROBLEMS,
    async handle({ body, query, caller }, reply) {
      const { wanted, warnings } = readWanted(body);
      const author = { ...query, by: writtenBy(caller) };
      return answer(await applied(wanted, author, options, reply), warnings);
    },
  });
  route(app, {
    method: 'PUT',
    path: '/api/v1/policies/:kind/:name',
    id: 'putPolicy',
    tag: 'policies',
    summary: 'Apply one policy',
    role: 'operator',
    params: policyParams,
    query: putQuery,
    body: wantedBody,
    accepts: ACCEPTED,
    bodyLimit: BODY_LIMIT,
    answer: appliedSchema,
    waits: ({ query }) => query.wait ?? 0,
    problems: ONE_PROBLEMS,
    async handle(request, reply) {
      const { namespace, ...query } = request.query;
      const ref = refToChange(request.params, namespace);
      const { wanted, warnings } = readWanted(request.body);
      const [policy, ...others] = wanted.policies;
      if (policy === undefined || others.length + wanted.deleted.length > 0)
        throw new ApiError('invalid-request', 'send one policy');
      const id = policyId(policy);
      if (id !== refId(ref))
        throw new ApiError('invalid-request', `what was sent is ${id}, and not ${refId(ref)}`);
      const by = writtenBy(request.caller);
      const seen = { ...query, by, ...seenRevision(request.raw, ref, options) };
      return answer(await applied(wanted, seen, options, reply), warnings);
    },
  });
  route(app, {
    method: 'DELETE',
    path: '/api/v1/policies/:kind/:name',
    id: 'deletePolicy',
    tag: 'policies',
    summary: 'Delete one policy',
    role: 'operator',
    params: policyParams,
    query: putQuery,
    answer: appliedSchema,
    waits: ({ query }) => query.wait ?? 0,
    problems: ['unknown-policy', ...ONE_PROBLEMS],
    async handle(request, reply) {
      const { namespace, ...query } = request.query;
      const ref = refToChange(request.params, namespace);
      const by = writtenBy(request.caller);
      const seen = { ...query, by, ...seenRevision(request.raw, ref, options) };
      const done = await applied({ policies: [], deleted: [ref] }, seen, options, reply);
      if (done.changes[0]?.outcome === 'absent') throw unknown([refId(ref)]);
      return answer(done, []);
    },
  });
}

/**
 * By `If-Match` and `If-None-Match`: the revision that the caller has seen. Whether it is still so when
 * it is written is the store's to say.
 */
function seenRevision(
  raw: FastifyRequest,
  ref: PolicyRef,
  options: PolicyApplyOptions,
): { readonly ifRevision?: number } {
  const { 'if-match': match, 'if-none-match': none } = raw.headers;
  if (match === undefined && none === undefined) return {};
  const { policies, revision } = listOf(options);
  const found = policies.find(({ policy }) => policyId(policy) === refId(ref));
  checkPreconditions(raw, found && tagOf(found));
  return { ifRevision: found?.revision ?? revision };
}
