import type { Conflict, Service } from '@meshkeeper/mesh';
import { z } from 'zod';
import { nextSchema } from '../page.ts';
import {
  nameSchema,
  objectSchema,
  objectsSchema,
  revisionSchema,
  timeSchema,
} from './common-schemas.ts';

const protocolSchema = z.enum(['http', 'http2', 'grpc', 'tcp', 'dubbo']);
const healthSchema = z.enum(['healthy', 'unhealthy', 'draining', 'unknown']);

/** Where something runs; empty: not stated. */
export const localitySchema = z.object({
  region: z.string(),
  zone: z.string(),
  subzone: z.string(),
});

/** `/services/:service`. */
export const serviceParams = z.strictObject({ service: nameSchema });
/** `/services/:service/endpoints/:id`. */
export const endpointParams = z.strictObject({ service: nameSchema, id: nameSchema });

/** A service as the list shows it. */
export const serviceSchema = z
  .object({
    name: z.string(),
    protocol: protocolSchema,
    registries: z.array(z.string()).describe('Where endpoints of it are registered.'),
    endpoints: z.int().describe('How many there are.'),
    healthy: z.int().describe('Those that nobody knows to be unfit.'),
    draining: z.int(),
    unhealthy: z.int(),
    held: z.int().describe('Served although their registry lacks them.'),
    hosts: z
      .array(z.string())
      .optional()
      .describe('Host names by which callers know it, beside its name and alias.'),
    alarm: z.enum(['mass-drop', 'last-instance']).optional(),
    hold: z.boolean().optional().describe('An operator holds it.'),
    conflicts: objectsSchema<Conflict>('Where registries can not both be right.').optional(),
  })
  .meta({ id: 'Service' });

/** A service by itself. */
export const oneServiceSchema = serviceSchema.extend({
  policy: objectSchema<NonNullable<Service['policy']>>(
    'What its registry states of its traffic, each part with the znode that says so.',
  ).optional(),
});

/** What could not be used of a registry. */
export const problemOfRegistrySchema = z.object({
  path: z.string().describe('Of the znode.'),
  code: z.enum([
    'malformed',
    'too-large',
    'bad-address',
    'unreadable',
    'incomplete',
    'not-applied',
  ]),
  message: z.string(),
  services: z.array(z.string()).optional(),
});

/** A registry, as probes show it. */
export const registryStateSchema = z.object({
  name: z.string(),
  state: z.enum(['starting', 'live', 'stale']),
  staleSince: timeSchema.optional(),
});

/** A registry: whether it is read, and what in it could not be used. */
export const registrySchema = registryStateSchema
  .extend({ problems: z.array(problemOfRegistrySchema) })
  .meta({ id: 'Registry' });

/** The whole catalog. */
export const serviceListSchema = z.object({
  revision: revisionSchema,
  services: z.array(serviceSchema),
  registries: z.array(registrySchema),
  unservable: z
    .array(
      z.object({
        service: z.string(),
        endpoint: z.string().optional(),
        code: z.string(),
        message: z.string(),
      }),
    )
    .describe('What a data plane can not be served, and why.'),
  ...nextSchema,
});

/** What an endpoint was read from. */
export const originSchema = z.object({
  registry: z.string().describe('The registry, or another source.'),
  path: z.string().describe('The znode, or what the platform calls it.'),
  czxid: z.string().optional().describe('Transaction that created the znode.'),
  mzxid: z.string().optional().describe('Transaction that last changed it.'),
  changed: timeSchema.optional(),
  version: z.string().optional().describe('The version that was read, where it is no znode.'),
});

/** Why an endpoint is served that its registry lacks. */
export const heldSchema = z.object({
  reason: z.enum(['absorbing', 'limbo', 'recovery', 'mass-drop', 'last-instance', 'operator']),
  since: timeSchema,
  until: timeSchema.optional().describe('Without it: until an operator lets go.'),
});

/** What an operator says of an endpoint, as it is kept. */
export const overlayViewSchema = z
  .object({
    drain: z.boolean().optional(),
    weight: z.int().optional(),
    health: healthSchema.optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    by: z.string().optional().describe('Who has said so, as they are known.'),
    label: z.string().optional().describe('Who they say they are.'),
    reason: z.string().optional(),
    at: z.number().optional().describe('Milliseconds since the epoch.'),
  })
  .meta({ id: 'Overlay' });

/** What a data plane reports of its requests, in the last interval. */
export const loadSchema = z.object({
  proxies: z.int().optional(),
  issued: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  inProgress: z.number(),
  requestsPerSecond: z.number(),
  errorsPerSecond: z.number(),
});

/** What is said of an endpoint, but for where it was read. */
export const endpointFields = {
  id: z.string(),
  address: z.string(),
  hostname: z.string().optional(),
  port: z.int(),
  weight: z.number(),
  locality: localitySchema,
  health: healthSchema,
  role: z.literal('leader').optional(),
  metadata: z.record(z.string(), z.string()),
  warmup: z.object({ from: z.number(), duration: z.number() }).optional(),
};

/** An endpoint with what its registry and the operators say. */
export const endpointSchema = z
  .object({
    ...endpointFields,
    held: z.boolean(),
    protection: heldSchema.optional(),
    overlay: overlayViewSchema.optional(),
    origin: originSchema,
    load: loadSchema.optional().describe('What the data planes report, where they do.'),
  })
  .meta({ id: 'Endpoint' });

/** The endpoints of a service. */
export const endpointListSchema = z.object({
  service: z.string(),
  endpoints: z.array(endpointSchema),
  ...nextSchema,
});
