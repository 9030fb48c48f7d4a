import { z } from 'zod';
import { positiveDuration } from './duration.ts';
import { headerMatches } from './matches.ts';
import { metadata } from './metadata.ts';
import { percent } from './names.ts';
import { status } from './status.ts';
import { trafficRefs } from './target-ref.ts';

const share = percent.describe('Of the requests, in percent.');

/** Failures on purpose. */
export const faultPolicy = z
  .strictObject({
    apiVersion: z.literal('meshkeeper.io/v1'),
    kind: z.literal('FaultPolicy'),
    metadata,
    spec: z
      .strictObject({
        targetRefs: trafficRefs.optional(),
        headers: headerMatches.describe('Only of requests with these headers. Default: of any.'),
        delay: z
          .strictObject({ duration: positiveDuration, percent: share })
          .optional()
          .describe('Holds requests up before they are sent.'),
        abort: z
          .strictObject({
            httpStatus: z.int().min(200).max(599).optional(),
            grpcStatus: z
              .int()
              .min(0)
              .max(16)
              .optional()
              .describe('Of calls of gRPC; other requests are answered with 200 and not sent.'),
            percent: share,
          })
          .refine(
            ({ httpStatus, grpcStatus }) =>
              (httpStatus === undefined) !== (grpcStatus === undefined),
            { message: 'needs one of "httpStatus" and "grpcStatus"' },
          )
          .optional()
          .describe('Answers requests instead of sending them.'),
        responseRate: z
          .strictObject({ kibibytesPerSecond: z.int().min(1), percent: share })
          .optional()
          .describe('Slows bodies of responses down.'),
        maxActive: z.int().min(0).optional().describe('Faults at once. Default: any number.'),
      })
      .refine(
        ({ delay, abort, responseRate }) =>
          delay !== undefined || abort !== undefined || responseRate !== undefined,
        { message: 'does nothing: give it a delay, an abort or a responseRate' },
      ),
    status,
  })
  .describe('Failures on purpose, to see what becomes of them. Of HTTP and gRPC.');

/** Failures on purpose. */
export type FaultPolicy = z.output<typeof faultPolicy>;
