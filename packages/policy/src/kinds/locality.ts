import { z } from 'zod';
import { label } from './names.ts';

const place = {
  region: z.string().min(1).optional(),
  zone: z.string().min(1).optional(),
  subzone: z.string().min(1).optional(),
};

const overprovisioning = z
  .int()
  .min(100)
  .max(1000)
  .default(140)
  .describe(
    'Spill-over, in percent: requests go on to the next priority in part when fewer than 100/140 (71 %) of the endpoints before it are healthy.',
  );

/** Which endpoints come first by where they are. */
export const locality = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('none') }).describe('Wherever they are.'),
    z
      .strictObject({
        mode: z.literal('zone-aware'),
        minEndpoints: z
          .int()
          .min(1)
          .default(6)
          .describe('With fewer healthy ones requests go anywhere.'),
      })
      .describe("The caller's own zone, as far as that leaves every endpoint with the same load."),
    z
      .strictObject({
        mode: z.literal('weighted'),
        weights: z
          .array(z.strictObject({ ...place, weight: z.int().min(0).max(1_000_000) }))
          .min(1)
          .max(256)
          .refine((weights) => weights.some(({ weight }) => weight > 0), {
            message: 'are all 0: nothing would take a request',
          })
          .describe('The first that fits counts; who is in none of them takes nothing.'),
      })
      .describe('By weights of places; the localities in one share its weight by their endpoints.'),
    z
      .strictObject({
        mode: z.literal('failover'),
        order: z
          .array(z.enum(['subzone', 'zone', 'region', 'anywhere']))
          .min(1)
          .refine((order) => new Set(order).size === order.length, { message: 'names one twice' })
          .default(['zone', 'region', 'anywhere'])
          .describe(
            "The priorities: first who is in the caller's own zone, then in its region, then all. Without `anywhere` others never take over.",
          ),
        regions: z
          .array(
            z.strictObject({
              from: z.string().min(1).describe("The caller's region."),
              to: z
                .array(z.string().min(1))
                .min(1)
                .describe('Those that take over, the first first.'),
            }),
          )
          .max(64)
          .optional()
          .describe('Which region takes over from which, before `anywhere`.'),
        overprovisioning,
      })
      .describe('Priorities by nearness to the caller.'),
    z
      .strictObject({
        mode: z.literal('priorities'),
        priorities: z
          .array(
            z
              .strictObject({ ...place, subset: label.optional() })
              .refine((of) => Object.values(of).some((value) => value !== undefined), {
                message: 'says nothing: name a region, a zone, a subzone or a subset',
              }),
          )
          .min(1)
          .max(32)
          .describe('The first first; endpoints that none of them names come last.'),
        overprovisioning,
      })
      .describe('Priorities that are the same for all callers.'),
  ])
  .optional();
