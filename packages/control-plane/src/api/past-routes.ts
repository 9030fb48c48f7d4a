import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HistoryEntry } from '../journal/history.ts';
import type { Moment, RecordKeeper } from '../journal/record-keeper.ts';
import { ApiError } from './problem.ts';

const count = z.coerce.number().int().positive();
const historyQuery = z.strictObject({
  service: z.string().optional(),
  before: count.optional(),
  limit: count.max(1_000).default(100),
});
/** A revision, or a time as RFC 3339 writes it. */
const moment = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform((text): Moment => ({ revision: Number(text) })),
  z.iso.datetime({ offset: true }).transform((text): Moment => ({ at: Date.parse(text) })),
]);
const diffQuery = z.strictObject({ from: moment, to: moment.optional() });

/** What the catalog was: its commits, and what two moments differ in. */
export function pastRoutes(app: FastifyInstance, records: RecordKeeper): void {
  app.get('/api/v1/history', ({ query }) => {
    const wanted = parse(historyQuery, query);
    const entries = records.history.entries(wanted);
    return {
      entries: entries.map(entryView),
      /** `before` of the next page; undefined when there is none. */
      ...(entries.length === wanted.limit && { next: entries.at(-1)?.revision }),
    };
  });
  app.get('/api/v1/diff', async ({ query }) => {
    const { from, to } = parse(diffQuery, query);
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
  });
}

function entryView({ at, ...entry }: HistoryEntry) {
  return { at: new Date(at).toISOString(), ...entry };
}

function parse<T extends z.ZodType>(schema: T, query: unknown): z.output<T> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new ApiError('invalid-request', z.prettifyError(parsed.error));
}
