import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { writtenBy } from '../auth/caller.ts';
import {
  answer,
  applied,
  applyQuery,
  type PolicyApplyOptions,
  soon,
  stored,
  WRITE_PROBLEMS,
} from './policy-apply.ts';
import { recordView } from './policy-views.ts';
import { ApiError } from './problem.ts';
import { route } from './route.ts';
import { appliedSchema, recordListSchema, recordSchema } from './schemas/policy-schemas.ts';

const revision = z.coerce.number().int().min(0);
const rollbackQuery = applyQuery.omit({ ifRevision: true });
const rollbackBody = z.strictObject({ revision: z.int().min(0) });
const historyQuery = z.strictObject({
  before: revision.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** What was applied, by whom, and the way back to it. */
export function policyPastRoutes(app: FastifyInstance, options: PolicyApplyOptions): void {
  const { store } = options;
  route(app, {
    method: 'GET',
    path: '/api/v1/policies/history',
    id: 'getPolicyHistory',
    tag: 'policies',
    summary: 'Who has applied what, the newest first',
    role: 'viewer',
    query: historyQuery,
    answer: recordListSchema,
    problems: ['zookeeper-unavailable'],
    async handle({ query: { before, limit } }) {
      const records = await stored(store.history({ before, limit }, soon()));
      return {
        records: records.map((record) => recordView(record, false)),
        ...(records.length === limit && { next: records.at(-1)?.revision }),
      };
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/policies/history/:revision',
    id: 'getPolicyRecord',
    tag: 'policies',
    summary: 'What was applied with a revision, with the policies before and after',
    role: 'viewer',
    params: z.strictObject({ revision }),
    answer: recordSchema,
    problems: ['not-recorded', 'zookeeper-unavailable'],
    async handle({ params: { revision: wanted } }) {
      const record = await stored(store.record(wanted, soon()));
      if (record === undefined)
        throw new ApiError('not-recorded', `revision ${wanted} is not recorded`);
      return recordView(record, true);
    },
  });
  route(app, {
    method: 'POST',
    path: '/api/v1/policies/rollback',
    id: 'rollbackPolicies',
    tag: 'policies',
    summary: 'Make the policies what they were at a revision',
    role: 'operator',
    query: rollbackQuery,
    body: rollbackBody,
    answer: appliedSchema,
    waits: ({ query }) => query.wait ?? 0,
    problems: ['not-recorded', ...WRITE_PROBLEMS],
    async handle({ query, body: { revision: to }, caller }, reply) {
      const { wanted, at } = await stored(store.rollback(to, soon()));
      const author = { ...query, by: writtenBy(caller), ifRevision: at };
      return answer(await applied(wanted, author, options, reply, to), []);
    },
  });
}
