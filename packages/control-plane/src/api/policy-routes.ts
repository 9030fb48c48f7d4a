import { policyId } from '@meshkeeper/policy';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refId } from '../policies/policy-paths.ts';
import { isPaged, pageOf, pageQuery } from './page.ts';
import type { PolicyApplyOptions } from './policy-apply.ts';
import { kindOf } from './policy-body.ts';
import {
  listOf,
  namespaced,
  type PolicyListOptions,
  refFrom,
  tagOf,
  unknown,
  viewer,
} from './policy-list.ts';
import { policyPastRoutes } from './policy-past-routes.ts';
import { policyWriteRoutes, YAML } from './policy-write-routes.ts';
import { route } from './route.ts';
import { policyListSchema, policyParams, policySchema } from './schemas/policy-schemas.ts';

const listQuery = z.strictObject({
  kind: z.string().optional(),
  ...namespaced.shape,
  ...pageQuery,
});
/** What operators have applied: to be seen, changed, and brought back. */
export function policyRoutes(app: FastifyInstance, options: PolicyApplyOptions): void {
  void app.register(async (scope) => {
    scope.addContentTypeParser([...YAML], { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    reading(scope, options);
    policyWriteRoutes(scope, options);
    policyPastRoutes(scope, options);
  });
}

function reading(app: FastifyInstance, options: PolicyListOptions): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/policies',
    id: 'listPolicies',
    tag: 'policies',
    summary: 'What is applied, with what is the case with each',
    role: 'viewer',
    query: listQuery,
    answer: policyListSchema,
    problems: ['zookeeper-unavailable'],
    handle({ query: { kind, namespace, ...page }, raw }, reply) {
      const wanted = kind === undefined ? undefined : kindOf(kind);
      const list = listOf(options);
      const found = list.policies
        .filter(({ policy }) => wanted === undefined || policy.kind === wanted)
        .filter(({ policy }) => namespace === undefined || policy.metadata.namespace === namespace);
      const { items, ...next } = isPaged(page)
        ? pageOf(found, ({ policy }) => policyId(policy), page, raw, reply)
        : { items: found };
      const policies = items.map(viewer(list, options));
      const problems = [...list.problems, ...options.served.sourceProblems];
      return { revision: list.revision, policies, problems, ...next };
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/policies/:kind/:name',
    id: 'getPolicy',
    tag: 'policies',
    summary: 'One policy, with what is the case with it',
    role: 'viewer',
    params: policyParams,
    query: namespaced,
    answer: policySchema,
    problems: ['unknown-policy', 'zookeeper-unavailable'],
    handle({ params, query: { namespace } }, reply) {
      const id = refId(refFrom(params, namespace));
      const list = listOf(options);
      const found = list.policies.find(({ policy }) => policyId(policy) === id);
      if (found === undefined) throw unknown([id]);
      void reply.header('etag', tagOf(found));
      return viewer(list, options)(found);
    },
  });
}
