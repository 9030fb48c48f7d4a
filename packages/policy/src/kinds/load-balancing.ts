import { z } from 'zod';
import { duration } from './duration.ts';
import { headerName } from './names.ts';

const hashKey = z
  .discriminatedUnion('on', [
    z.strictObject({ on: z.literal('header'), name: headerName }),
    z.strictObject({
      on: z.literal('cookie'),
      name: headerName,
      ttl: duration
        .optional()
        .describe(
          'A caller without the cookie is given one for so long; `0s`: as long as its session.',
        ),
      path: z.string().max(1024).default('/'),
    }),
    z.strictObject({ on: z.literal('query'), name: z.string().min(1).max(256) }),
    z.strictObject({ on: z.literal('source-address') }),
  ])
  .describe('What of a request is hashed.');

const hash = z
  .array(hashKey)
  .min(1)
  .max(8)
  .describe('The first that the request has counts; a request that has none goes anywhere.');

const balanceFactor = z
  .int()
  .min(100)
  .optional()
  .describe(
    'Bounded loads: no endpoint takes more than this, in percent of the mean. Default: unbounded.',
  );

const choices = z
  .int()
  .min(2)
  .max(100)
  .default(2)
  .describe('So many are drawn, and the best is taken.');

const SECOND = ['least-request', 'random', 'round-robin', 'weighted-round-robin'] as const;

/** How an endpoint is chosen among those that a request may go to. */
export const loadBalancing = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('random') }),
    z
      .strictObject({ type: z.literal('round-robin') })
      .describe('One after the other, whatever their weights; who has weight 0 takes none.'),
    z
      .strictObject({ type: z.literal('weighted-round-robin') })
      .describe('By weights: those of the registry, or of an overlay, grown by `warmUp`.'),
    z
      .strictObject({
        type: z.literal('least-request'),
        choices,
        bias: z
          .number()
          .min(0)
          .max(10)
          .default(1)
          .describe('How much the requests under way count against the weight.'),
      })
      .describe('Who has the fewest requests under way.'),
    z
      .strictObject({
        type: z.literal('peak-ewma'),
        choices,
        fallback: z
          .enum(SECOND)
          .default('least-request')
          .describe(
            'What data planes do that have no peak EWMA: gRPC, HAProxy, and Envoy without its extension.',
          ),
      })
      .describe('Who answers soonest, by a moving mean that takes peaks at once.'),
    z
      .strictObject({
        type: z.literal('ring-hash'),
        hash,
        minSize: z.int().min(1).max(8_388_608).default(1024),
        maxSize: z.int().min(1).max(8_388_608).default(8_388_608),
        balanceFactor,
      })
      .refine(({ minSize, maxSize }) => minSize <= maxSize, {
        path: ['minSize'],
        message: 'is more than maxSize',
      })
      .describe('By hash: the same key goes to the same endpoint, on a ring.'),
    z
      .strictObject({
        type: z.literal('maglev'),
        hash,
        tableSize: z
          .int()
          .min(2)
          .max(5_000_011)
          .default(65_537)
          .refine(isPrime, { message: 'has to be a prime number' })
          .describe('A prime number.'),
        balanceFactor,
      })
      .describe(
        'By hash, in a table: evener than a ring, and more keys move when an endpoint comes or goes.',
      ),
  ])
  .optional()
  .describe("Default: what the registry says, else the data plane's own.");

function isPrime(value: number): boolean {
  if (value % 2 === 0) return value === 2;
  for (let divisor = 3; divisor * divisor <= value; divisor += 2)
    if (value % divisor === 0) return false;
  return value > 1;
}
