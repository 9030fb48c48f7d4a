import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HistoryEntry } from '../journal/history.ts';
import type { Moment, RecordKeeper } from '../journal/record-keeper.ts';
import { ApiError } from './problem.ts';
import { route } from './route.ts';
import { diffSchema, historySchema } from './schemas/past-schemas.ts';

const count = z.coerce.number().int().positive();
const historyQuery = z.strictObject({
  service: z.string().optional(),
  before: count.optional().describe('Only what is older than this revision.'),
  limit: count.max(1_000).default(100),
});
/** A revision, or a time as RFC 3339 writes it. */
const moment = z
  .string()
  .regex(/^\d{1,15}$|^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/, {
    error: 'is neither a revision nor a time: write 41 or 2026-01-31T12:00:00Z',
  })
  .transform((text, context): Moment => {
    if (/^\d+$/.test(text)) return { revision: Number(text) };
    const at = Date.parse(text);
    if (!Number.isNaN(at)) return { at };
    context.addIssue({ code: 'custom', message: 'there is no such day or time' });
    return z.NEVER;
  });
const diffQuery = z.strictObject({
  from: moment.describe('A revision, or a time (RFC 3339).'),
  to: moment.optional().describe('Default: now.'),
});

/** What the catalog was: its commits, and what two moments differ in. */
export function pastRoutes(app: FastifyInstance, records: RecordKeeper): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/history',
    id: 'getHistory',
    tag: 'history',
    summary: 'What commits have changed of services, the newest first',
    role: 'viewer',
    query: historyQuery,
    answer: historySchema,
    handle({ query }) {
      const entries = records.history.entries(query);
      return {
        entries: entries.map(entryView),
        ...(entries.length === query.limit && { next: entries.at(-1)?.revision }),
      };
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/diff',
    id: 'getDiff',
    tag: 'history',
    summary: 'What two moments of the catalog differ in',
    role: 'viewer',
    query: diffQuery,
    answer: diffSchema,
    problems: ['not-recorded'],
    async handle({ query: { from, to } }) {
      const difference = await records.diff(from, to);
      if (difference === undefined)
        throw new ApiError(
          'not-recorded',
          'the catalog is not recorded that far back: see controlPlane.dataDir',
        );
      const view = ({ revision, at }: { readonly revision: number; readonly at: number }) => ({
        revision,
        at: new Date(at).toISOString(),
      });
      return {
        from: view(difference.from),
        to: view(difference.to),
        services: difference.services,
      };
    },
  });
}

function entryView({ at, ...entry }: HistoryEntry) {
  return { at: new Date(at).toISOString(), ...entry };
}
