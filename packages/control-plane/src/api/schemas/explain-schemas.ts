import type { Conflict } from '@meshkeeper/mesh';
import { z } from 'zod';
import type { StatedPolicies } from '../../explain/stated-policies.ts';
import {
  endpointFields,
  heldSchema,
  oneServiceSchema,
  originSchema,
  overlayViewSchema,
  problemOfRegistrySchema,
} from './catalog-schemas.ts';
import { objectSchema, objectsSchema, revisionSchema, timeSchema } from './common-schemas.ts';
import { refusedSchema } from './proxy-schemas.ts';

const plainEndpoint = z.object({ ...endpointFields, origin: originSchema });

const explainedEndpoint = z.object({
  id: z.string(),
  address: z.string(),
  port: z.int(),
  registrations: z.array(
    z.object({
      source: z.string(),
      endpoint: plainEndpoint,
      decision: z.object({
        type: z.enum(['served', 'duplicate']),
        of: z.string().optional(),
        because: z.enum(['lower-priority', 'configured-later', 'older']).optional(),
      }),
    }),
  ),
  held: heldSchema.optional(),
  overlay: overlayViewSchema.optional(),
  served: plainEndpoint.optional(),
});

const deliverySchema = z.object({
  id: z.string(),
  stream: z.int(),
  cluster: z.string(),
  userAgent: z.string(),
  state: z.enum(['has', 'pending', 'rejects', 'not-subscribed']),
  appliedRevision: revisionSchema.optional(),
  behind: z.object({ revisions: z.int(), since: timeSchema }).optional(),
  hasEndpoint: z.boolean().optional(),
  egress: z.object({ patterns: z.array(z.string()), policy: z.string() }).optional(),
  resources: z.array(
    z.object({
      type: z.string(),
      name: z.string(),
      version: z.string(),
      status: z.enum(['pending', 'missing', 'acked', 'nacked']),
      sentAt: timeSchema.optional(),
      judgedAt: timeSchema.optional(),
      error: z.object({ message: z.string(), at: timeSchema }).optional(),
    }),
  ),
  rejectsToo: z
    .array(refusedSchema)
    .optional()
    .describe('What it rejects besides, which may keep it from this.'),
});

/** Why a service is served as it is. */
export const explanationSchema = z.object({
  service: z.string(),
  endpoint: z.string().optional(),
  verdict: z.object({
    stopsAt: z
      .enum([
        ...['none', 'registry', 'merge', 'protection', 'overlay'],
        ...['health', 'policy', 'resources', 'data-plane'],
      ] as const)
      .describe('The step that the way does not get over; `none` when it arrives.'),
    text: z.string(),
  }),
  served: z.boolean(),
  revision: revisionSchema,
  ready: z.boolean(),
  sources: z.array(
    z.object({
      name: z.string(),
      priority: z.number(),
      reading: z.string(),
      says: z
        .object({
          protocol: z.string(),
          endpoints: z.int(),
          hosts: z.array(z.string()).optional(),
        })
        .optional(),
      state: z.string().optional(),
    }),
  ),
  conflicts: objectsSchema<Conflict>('Where registries can not both be right.'),
  hold: z.boolean(),
  alarm: objectSchema<object>('Its registry is in doubt: what is held for that reason.').optional(),
  endpoints: z.array(explainedEndpoint),
  gone: z.array(
    z.object({
      endpoint: plainEndpoint,
      departure: z.enum(['deregistered', 'session-ended', 'unknown']),
      at: timeSchema,
    }),
  ),
  problems: z
    .array(problemOfRegistrySchema)
    .describe('What could not be used and may belong to it.'),
  policy: oneServiceSchema.shape.policy,
  policies: objectSchema<StatedPolicies>(
    'What operators state, and which of all that is stated holds.',
  ).optional(),
  unservable: z
    .array(z.object({ endpoint: z.string().optional(), code: z.string(), message: z.string() }))
    .describe('What data planes can not be told.'),
  dataPlanes: z.object({
    counts: z.record(z.string(), z.int()),
    proxies: z.array(deliverySchema).describe('Those first at which it does not arrive.'),
  }),
});
