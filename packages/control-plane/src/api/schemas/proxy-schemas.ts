import { z } from 'zod';
import { nextSchema } from '../page.ts';
import { loadSchema, localitySchema } from './catalog-schemas.ts';
import { nameSchema, revisionSchema, timeSchema } from './common-schemas.ts';

/** `/proxies/:id`. */
export const proxyParams = z.strictObject({ id: nameSchema });

/** A resource that a data plane rejects. */
export const refusedSchema = z.object({
  type: z.string(),
  name: z.string(),
  version: z.string(),
  message: z.string().describe("The data plane's own words."),
  at: timeSchema,
  certain: z
    .boolean()
    .describe('False where it rejected several together and did not say which of them is bad.'),
  sinceRevision: z.number().describe('The revision of which it lacks something for that reason.'),
});

/** Where a data plane's stream ends. */
export const streamFields = {
  id: z.string(),
  cluster: z.string(),
  stream: z.int(),
  peer: z.string(),
};

const aboutProxy = {
  ...streamFields,
  variant: z.enum(['sotw', 'delta']),
  locality: localitySchema,
  userAgent: z.string(),
  userAgentVersion: z.string(),
  connectedSince: timeSchema,
};

/** A stream of a data plane, what it has acknowledged or rejected, and how far behind it is. */
export const proxySchema = z
  .object({
    ...aboutProxy,
    state: z.enum(['synced', 'pending', 'rejected']),
    appliedRevision: revisionSchema.optional(),
    behind: z.object({ revisions: z.int(), since: timeSchema }).optional(),
    types: z.array(
      z.object({
        type: z.string(),
        wildcard: z.boolean(),
        subscribed: z.int(),
        sentVersion: z.string(),
        sentNonce: z.string(),
        ackedVersion: z.string().optional(),
        ackedAt: timeSchema.optional(),
        lastNack: z.object({ at: timeSchema, message: z.string(), version: z.string() }).optional(),
        state: z.enum(['synced', 'pending', 'rejected']),
      }),
    ),
    refused: z.array(refusedSchema),
  })
  .meta({ id: 'Proxy' });

/** A data plane that went away. */
export const departedSchema = z.object({
  ...aboutProxy,
  disconnectedSince: timeSchema,
  appliedRevision: revisionSchema.optional(),
});

/** All data planes of this replica. */
export const proxyListSchema = z.object({
  at: timeSchema,
  revision: revisionSchema,
  proxies: z.array(proxySchema),
  departed: z
    .array(departedSchema)
    .describe('Those that went away in the last hour and did not come back.'),
  ...nextSchema,
});

/** A data plane's report on a cluster. */
const clusterLoadSchema = z.object({
  ...loadSchema.shape,
  cluster: z.string(),
  at: timeSchema,
  interval: z.number().describe('Milliseconds that it covers.'),
  dropped: z.number(),
  endpoints: z.array(z.object({ ...loadSchema.shape, address: z.string(), port: z.int() })),
});

/** One data plane. */
export const oneProxySchema = z.object({
  id: z.string(),
  at: timeSchema,
  revision: revisionSchema,
  streams: z.array(proxySchema).describe('One where it gets everything by one stream.'),
  departed: departedSchema.optional(),
  load: z
    .array(clusterLoadSchema)
    .describe('What it reports of its requests, the busiest cluster first.'),
});

/** What a data plane is served, resource by resource. */
export const proxyConfigSchema = z.object({
  id: z.string(),
  streams: z.array(
    z.object({
      stream: z.int(),
      peer: z.string(),
      node: z.object({
        id: z.string(),
        cluster: z.string(),
        locality: localitySchema,
        userAgent: z.string(),
        userAgentVersion: z.string(),
        metadata: z.record(z.string(), z.string()),
      }),
      appliedRevision: revisionSchema.optional(),
      resources: z.array(
        z.object({
          type: z.string(),
          name: z.string(),
          version: z
            .string()
            .describe('As it was sent last; of one that it rejects, the version that it rejects.'),
          status: z.enum(['pending', 'missing', 'acked', 'nacked']),
          error: z.object({ message: z.string(), at: timeSchema }).optional(),
          servedVersion: z
            .string()
            .optional()
            .describe('What it should have, where that is another version than was sent.'),
          resource: z.unknown().optional().describe("Envoy's own form."),
        }),
      ),
    }),
  ),
});
