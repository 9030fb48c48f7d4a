import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { auditEntrySchema } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { linkNext } from './page.ts';
import { timeView } from './proxy-views.ts';
import { route } from './route.ts';
import { timeSchema } from './schemas/common-schemas.ts';

/** How long ZooKeeper has to answer, in milliseconds. */
const TIMEOUT = 5_000;

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().optional().describe('`next` of the page before.'),
});

const answer = z.object({
  entries: z.array(
    auditEntrySchema
      .omit({ id: true })
      .extend({ at: timeSchema })
      .describe('Who has done what over the API, and what came of it.')
      .meta({ id: 'AuditEntry' }),
  ),
  next: z.string().optional().describe('`cursor` of the next page; without it there is none.'),
});

/** Who has done what. */
export function auditRoutes(app: FastifyInstance, audit: AuditLog): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/audit',
    id: 'listAudit',
    tag: 'control plane',
    summary: 'Who has done what over the API of any replica, the newest first',
    role: 'operator',
    query,
    answer,
    async handle({ query: { limit, cursor }, raw }, reply) {
      const signal = AbortSignal.timeout(TIMEOUT);
      const { entries, next } = await audit.list({ before: cursor, limit }, signal);
      if (next !== undefined) linkNext(raw, reply, next);
      return {
        entries: entries.map(({ id: _, at, ...entry }) => ({ at: timeView(at), ...entry })),
        ...(next !== undefined && { next }),
      };
    },
  });
}
