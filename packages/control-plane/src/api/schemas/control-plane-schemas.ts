import { z } from 'zod';
import { objectSchema, revisionSchema, timeSchema } from './common-schemas.ts';

/** The replicas of the control plane. */
export const memberListSchema = z.object({
  knowledge: z
    .enum(['all', 'reading', 'away'])
    .describe(
      '`all`: these are all; `reading`: they are being read; `away`: the others are what they were before ZooKeeper was away.',
    ),
  members: z
    .array(
      z.object({
        id: z.string(),
        self: z.boolean(),
        host: z.string().optional(),
        since: timeSchema.optional(),
        policies: revisionSchema
          .optional()
          .describe('The revision of the policies that it serves.'),
        appliedPolicies: revisionSchema
          .optional()
          .describe('The one that all of its data planes have.'),
        dataPlanes: z
          .object({ connected: z.int(), pending: z.int(), rejected: z.int() })
          .optional(),
        problem: z.string().optional().describe('Why nothing is known of it.'),
      }),
    )
    .describe('This one first.'),
});

/** What is mirrored into which tree. */
export const mirrorListSchema = z.object({
  mirrors: z.array(
    z.object({
      name: z.string(),
      from: objectSchema<object>('Which services: `mirror[].from` of the configuration.'),
      to: z.looseObject({ root: z.string() }),
      state: z.enum(['standby', 'writing', 'live']),
      mirrored: z.int(),
      problems: z.array(objectSchema<object>('What could not be mirrored, and why.')),
    }),
  ),
});

/** Where what is served is brought. */
export const destinationListSchema = z.object({
  revision: revisionSchema.optional().describe('The newest that is served.'),
  destinations: z.array(
    z
      .object({
        name: z.string(),
        kind: z.string().describe('`xds`, `dns`, `mirror`, or a kind of `destinations:`.'),
        state: z
          .enum(['starting', 'applying', 'applied', 'failing', 'standby'])
          .describe('`standby`: another replica writes.'),
        revision: revisionSchema.optional().describe('What is, or is being, applied.'),
        since: timeSchema.optional().describe('Since when it fails.'),
        message: z.string().optional().describe('Why it fails.'),
        leads: z
          .boolean()
          .optional()
          .describe('Whether this replica writes; without it each replica has its own.'),
        problems: z
          .array(z.object({ what: z.string(), message: z.string() }))
          .describe('What could not be brought there.'),
      })
      .meta({ id: 'Destination' }),
  ),
});
