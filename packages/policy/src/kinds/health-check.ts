import { z } from 'zod';
import { positiveDuration } from './duration.ts';
import { changedHeaderName, headerValue, port } from './names.ts';

const common = {
  interval: positiveDuration.default('10s').describe('From one check to the next.'),
  timeout: positiveDuration.default('2s').describe('Who has not answered by then has failed.'),
  unhealthyThreshold: z.int().min(1).default(3).describe('Failures in a row.'),
  healthyThreshold: z.int().min(1).default(2).describe('Successes in a row.'),
  port: port.optional().describe("Default: the endpoint's own."),
};

const statusRange = z
  .strictObject({ from: z.int().min(100).max(599), to: z.int().min(100).max(599) })
  .refine(({ from, to }) => from <= to, { message: 'holds no status: "from" is more than "to"' });

const bytes = z
  .string()
  .regex(/^([0-9a-fA-F]{2})+$/, 'are no bytes: write them in hexadecimal, as 000000ff');

/** How endpoints are checked, besides what their registry says of them. */
export const healthChecks = z
  .array(
    z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('http'),
        path: z.string().regex(/^\//, 'is no path: it begins with /').max(1024).default('/'),
        method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']).default('GET'),
        host: z.string().min(1).max(253).optional().describe("Default: the service's name."),
        headers: z
          .array(z.strictObject({ name: changedHeaderName, value: headerValue }))
          .max(16)
          .optional(),
        expectedStatuses: z
          .array(statusRange)
          .min(1)
          .default([{ from: 200, to: 200 }])
          .describe('Both ends are in it. Redirects are not followed.'),
        ...common,
      }),
      z.strictObject({
        type: z.literal('tcp'),
        send: bytes.optional().describe('Hexadecimal. Default: nothing, connecting is enough.'),
        receive: bytes.optional().describe('Hexadecimal; has to be in what comes back.'),
        ...common,
      }),
      z.strictObject({
        type: z.literal('grpc'),
        service: z
          .string()
          .default('')
          .describe('What grpc.health.v1 is asked for; empty is the server as a whole.'),
        authority: z.string().min(1).max(253).optional(),
        ...common,
      }),
    ]),
  )
  .max(4)
  .optional()
  .describe('All of them have to succeed.');
