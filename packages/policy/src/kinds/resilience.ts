import { RETRY_DEFAULTS } from '@meshkeeper/mesh';
import { z } from 'zod';
import { duration, exceeds, isLonger, positiveDuration } from './duration.ts';
import { percent } from './names.ts';

/** Limits to what a service is sent at once; beyond them it fails at once. Envoy's defaults. */
export const circuitBreaker = z
  .strictObject({
    maxConnections: z.int().min(0).default(1024),
    maxPendingRequests: z
      .int()
      .min(0)
      .default(1024)
      .describe('Requests that wait for a connection.'),
    maxRequests: z.int().min(0).default(1024),
    maxRetries: z
      .int()
      .min(0)
      .default(3)
      .describe('Retries at once; a retry budget goes before it.'),
  })
  .optional();

/** How long things may take. */
export const timeouts = z
  .strictObject({
    request: duration
      .optional()
      .describe(
        'For a request with all of its tries; `0s` is no limit. A route or a registry may say it too; the route goes first, then this.',
      ),
    perTry: duration.optional().describe('For one try; `0s` is no limit.'),
    idle: duration
      .optional()
      .describe('For a stream on which nothing moves, or a TCP connection; `0s` is no limit.'),
    connect: positiveDuration.optional().describe('Until a connection stands.'),
  })
  .refine(({ request = '0s', perTry = '0s' }) => !exceeds(perTry, request), {
    path: ['perTry'],
    message: 'is longer than the request with all of its tries',
  })
  .optional();

/** When a request is tried again; Envoy's names. */
export const RETRY_CONDITIONS = [
  '5xx',
  'gateway-error',
  'connect-failure',
  'reset',
  'reset-before-request',
  'refused-stream',
  'retriable-4xx',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const;

/** Further tries of a request that has failed. */
export const retries = z
  .strictObject({
    attempts: z.int().min(0).max(100).describe('Further tries after the first; 0 is none.'),
    on: z
      .array(z.enum(RETRY_CONDITIONS))
      .min(1)
      .default([...RETRY_DEFAULTS.on])
      .describe('What is tried again. The default is what can not have been done already.'),
    codes: z
      .array(z.int().min(400).max(599))
      .max(64)
      .optional()
      .describe('Statuses that are, too.'),
    backoff: z
      .strictObject({
        base: positiveDuration
          .default('25ms')
          .describe('The mean of the first; it doubles each time.'),
        max: positiveDuration.default('250ms'),
      })
      .refine(({ base, max }) => !isLonger(base, max), {
        path: ['base'],
        message: 'is longer than max',
      })
      .prefault({}),
    budget: z
      .strictObject({
        percent: percent
          .default(20)
          .describe('Retries at once, of the requests that are under way.'),
        minConcurrency: z.int().min(0).default(3).describe('Retries that may always be under way.'),
      })
      .prefault({})
      .describe('So that a failing service is not sent a multiple of its load.'),
    otherEndpoint: z
      .boolean()
      .default(true)
      .describe('A further try goes to an endpoint that has not been tried, if there is one.'),
  })
  .optional();

/** How connections are kept. */
export const connectionPool = z
  .strictObject({
    idleTimeout: duration.optional().describe('An unused connection is closed; `0s`: never.'),
    maxRequestsPerConnection: z.int().min(0).default(0).describe('0: any number.'),
    maxConcurrentStreams: z.int().min(1).optional().describe('Of one connection of HTTP/2.'),
    maxConnectionDuration: duration.optional().describe('`0s`: any.'),
    tcpKeepalive: z
      .strictObject({
        time: positiveDuration.default('2h').describe('Without traffic, until the first probe.'),
        interval: positiveDuration.default('75s'),
        probes: z.int().min(1).default(9),
      })
      .optional(),
  })
  .optional();

/** How the weight of an endpoint that is new grows. */
export const warmUp = z
  .strictObject({
    duration: positiveDuration.describe(
      "How long; Envoy's slow start. A registry's own goes before it.",
    ),
    aggression: z.number().min(1).max(100).default(1).describe('Over 1 it grows fast at first.'),
    minWeightPercent: percent.default(10).describe('The least weight, in percent of the full one.'),
  })
  .optional()
  .describe('Default: what the registry says of the endpoint.');
