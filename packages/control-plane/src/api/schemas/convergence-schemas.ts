import { z } from 'zod';
import { revisionSchema, timeSchema } from './common-schemas.ts';
import { refusedSchema, streamFields } from './proxy-schemas.ts';

const countsSchema = z.object({
  applied: z.int(),
  pending: z.int(),
  rejected: z.int(),
  gone: z.int(),
});

const standing = {
  state: z.enum(['applied', 'pending', 'rejected', 'gone']),
  at: timeSchema.optional(),
  appliedRevision: revisionSchema.optional(),
  refused: z.array(refusedSchema.partial()).optional(),
};

/** How far the data planes of this replica are with a revision of the catalog. */
export const progressSchema = z.object({
  revision: revisionSchema,
  served: z.boolean(),
  counts: countsSchema,
  behind: z.array(z.object({ ...streamFields, ...standing })),
});

/** How far those of all replicas are with a revision of the policies. */
export const meshProgressSchema = z.object({
  policies: revisionSchema,
  revision: revisionSchema.optional().describe("Of this replica's catalog."),
  served: z.boolean().describe('By every replica.'),
  counts: countsSchema,
  replicas: z
    .array(
      z.object({
        id: z.string(),
        self: z.boolean(),
        state: z.enum(['applied', 'pending', 'rejected', 'unserved', 'unreadable', 'gone']),
        dataPlanes: z.int().optional(),
        more: z.int().optional().describe('Data planes that are behind, and are not named.'),
      }),
    )
    .describe('This one first.'),
  knowledge: z.enum(['all', 'reading', 'away']),
  behind: z.array(
    z.object({
      ...{ replica: z.string(), id: z.string() },
      cluster: z.string().optional(),
      stream: z.int().optional(),
      peer: z.string().optional(),
      ...standing,
      appliedPolicies: revisionSchema.optional(),
    }),
  ),
  destinations: z
    .array(
      z.object({
        ...{ name: z.string(), kind: z.string() },
        state: z
          .enum(['applied', 'pending', 'failing', 'standby'])
          .describe('`standby`: another replica writes.'),
        since: timeSchema.optional().describe('Since when it fails.'),
        message: z.string().optional().describe('Why it fails.'),
      }),
    )
    .describe(
      'How DNS, mirrors and other platforms of this replica stand to it; they are not waited for.',
    ),
});

const outcome = { converged: z.boolean(), timedOut: z.boolean() };

/** What a wait for all replicas has come to. */
export const meshOutcomeSchema = meshProgressSchema.extend(outcome).meta({ id: 'Convergence' });

/** What a wait has come to. */
export const convergenceSchema = z.union([meshOutcomeSchema, progressSchema.extend(outcome)]);
