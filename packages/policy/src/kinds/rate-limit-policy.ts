import { z } from 'zod';
import { backendObjectRef } from './backend-ref.ts';
import { positiveDuration } from './duration.ts';
import { headerMatches, METHODS } from './matches.ts';
import { metadata } from './metadata.ts';
import { changedHeaderName, headerName, headerValue } from './names.ts';
import { status } from './status.ts';
import { trafficRefs } from './target-ref.ts';

const match = z
  .strictObject({
    pathPrefix: z.string().regex(/^\//, 'is no path: it begins with /').max(1024).optional(),
    method: z.enum(METHODS).optional(),
    headers: headerMatches,
  })
  .optional()
  .describe('Which requests: all of it fits. Default: all.');

const quantity = {
  requests: z.int().min(1).max(1_000_000_000).describe('So many,'),
  per: positiveDuration.default('1s').describe('in this time;'),
  burst: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('at most so many at once, after a pause. Default: as many as `requests`.'),
};

const descriptor = z
  .discriminatedUnion('from', [
    z.strictObject({
      from: z.literal('constant'),
      key: z.string().min(1),
      value: z.string().min(1),
    }),
    z.strictObject({ from: z.literal('header'), key: z.string().min(1), name: headerName }),
    z.strictObject({ from: z.literal('source-address') }),
    z.strictObject({ from: z.literal('caller') }).describe('The service that calls.'),
  ])
  .describe("What the rate limit service is told of a request; Envoy's `RateLimit.Action`.");

/** The statuses of errors that Envoy answers with: it takes no others. */
const REFUSALS: ReadonlySet<number> = new Set([
  ...Array.from({ length: 18 }, (_, i) => 400 + i),
  ...[421, 422, 423, 424, 426, 428, 429, 431],
  ...[500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

/** How many requests may come. */
export const rateLimitPolicy = z
  .strictObject({
    apiVersion: z.literal('meshkeeper.io/v1'),
    kind: z.literal('RateLimitPolicy'),
    metadata,
    spec: z
      .strictObject({
        targetRefs: trafficRefs.optional(),
        local: z
          .strictObject({
            limits: z
              .array(z.strictObject({ match, ...quantity }))
              .min(1)
              .max(16)
              .describe(
                'Every one that fits counts: a request that one of them refuses is refused.',
              ),
            perConnection: z
              .boolean()
              .default(false)
              .describe('Each connection has its own, instead of all together.'),
          })
          .optional()
          .describe(
            'Counted by each data plane for itself: three gateways let three times as many through; and for each host name that leads to the service: two hosts of a gateway let twice as many through.',
          ),
        global: z
          .strictObject({
            service: backendObjectRef.describe("The rate limit service; Envoy's protocol."),
            domain: z.string().min(1).max(253),
            descriptors: z.array(z.array(descriptor).min(1).max(8)).min(1).max(16),
            timeout: positiveDuration.default('20ms'),
            failOpen: z
              .boolean()
              .default(true)
              .describe('What becomes of requests while the service is not there: they pass.'),
          })
          .optional()
          .describe(
            'Counted by a service for all data planes together. It is read, checked, and not enforced yet.',
          ),
        response: z
          .strictObject({
            status: z
              .int()
              .refine((status) => REFUSALS.has(status), {
                message: 'is no status of a refusal: write 429, 503 or another that HTTP knows',
              })
              .default(429),
            headers: z
              .array(z.strictObject({ name: changedHeaderName, value: headerValue }))
              .max(16)
              .optional(),
          })
          .prefault({})
          .describe('What is answered to a request that is one too many.'),
        shadow: z.boolean().default(false).describe('Only counts: no request is refused.'),
      })
      .refine(({ local, global }) => local !== undefined || global !== undefined, {
        message: 'limits nothing: give it a local or a global limit',
      }),
    status,
  })
  .describe('How many requests may come; the others are refused.');

/** How many requests may come. */
export type RateLimitPolicy = z.output<typeof rateLimitPolicy>;
