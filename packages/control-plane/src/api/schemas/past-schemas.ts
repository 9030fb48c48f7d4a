import { z } from 'zod';
import { revisionSchema, timeSchema } from './common-schemas.ts';

const endpointNameSchema = z.object({ id: z.string(), address: z.string(), port: z.int() });

/** What is not as it was of a service. */
const differenceSchema = z.object({
  service: z.string(),
  type: z.enum(['added', 'updated', 'removed']),
  endpoints: z.object({
    added: z.array(endpointNameSchema),
    removed: z.array(endpointNameSchema),
    changed: z.array(
      endpointNameSchema.extend({
        fields: z
          .record(z.string(), z.array(z.unknown()).length(2))
          .describe('Before and after, by field.'),
      }),
    ),
  }),
});

/** A commit's part in a service. */
export const historyEntrySchema = differenceSchema
  .extend({ revision: revisionSchema, at: timeSchema })
  .meta({ id: 'HistoryEntry' });

/** A page of the history. */
export const historySchema = z.object({
  entries: z.array(historyEntrySchema).describe('The newest first.'),
  next: revisionSchema.optional().describe('`before` of the next page; without it there is none.'),
});

const momentSchema = z.object({ revision: revisionSchema, at: timeSchema });

/** What two moments differ in. */
export const diffSchema = z.object({
  from: momentSchema,
  to: momentSchema,
  services: z.array(differenceSchema),
});
