import { z } from 'zod';
import { duration, isLonger, positiveDuration } from './duration.ts';
import { percent } from './names.ts';

/**
 * When an endpoint is left aside for its failures: Envoy's outlier detection with its defaults, but that
 * nobody is compared with the others who has not asked for it.
 */
export const outlierDetection = z
  .strictObject({
    consecutive5xx: z.int().min(0).default(5).describe('Responses of 5xx in a row; 0 is never.'),
    consecutiveGatewayErrors: z
      .int()
      .min(0)
      .default(0)
      .describe('Responses of 502, 503 or 504 in a row; 0 is never.'),
    consecutiveLocalFailures: z
      .int()
      .min(0)
      .default(5)
      .describe('Failures to connect, in a row; counts with `splitLocal`.'),
    splitLocal: z
      .boolean()
      .default(false)
      .describe('Failures to connect count by themselves, and not as responses of 5xx.'),
    interval: positiveDuration
      .default('10s')
      .describe('How often success is compared, and ejections are ended.'),
    baseEjectionTime: positiveDuration
      .default('30s')
      .describe(
        'How long the first ejection lasts; the second in short order twice as long, and so on.',
      ),
    maxEjectionTime: positiveDuration.default('5m').describe('The longest that an ejection lasts.'),
    maxEjectionJitter: duration
      .default('0s')
      .describe('Each lasts a random time of up to this longer.'),
    maxEjectionPercent: percent
      .default(10)
      .describe('How many of the endpoints may be out at once.'),
    alwaysEjectOne: z.boolean().default(false).describe('One may be out whatever its share is.'),
    successRate: z
      .strictObject({
        minEndpoints: z.int().min(1).default(5).describe('That have enough requests.'),
        requestVolume: z
          .int()
          .min(1)
          .default(100)
          .describe('Requests in an interval that are enough.'),
        stdevFactor: z
          .number()
          .min(0)
          .default(1.9)
          .describe('An outlier is so many standard deviations below the mean.'),
      })
      .optional()
      .describe('Ejects who succeeds less often than the others. Default: nobody.'),
    failurePercentage: z
      .strictObject({
        threshold: percent.default(85).describe('Failures, in percent of the requests.'),
        minEndpoints: z.int().min(1).default(5),
        requestVolume: z.int().min(1).default(50),
      })
      .optional()
      .describe('Ejects who fails this often, whatever the others do. Default: nobody.'),
  })
  .refine(({ baseEjectionTime, maxEjectionTime }) => !isLonger(baseEjectionTime, maxEjectionTime), {
    path: ['baseEjectionTime'],
    message: 'is longer than maxEjectionTime',
  })
  .optional();
