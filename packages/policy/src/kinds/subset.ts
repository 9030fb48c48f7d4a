import { z } from 'zod';
import { label } from './names.ts';
import { unique } from './unique.ts';

/** Which endpoints take requests. */
export const endpointsRole = z
  .enum(['all', 'leader'])
  .default('all')
  .describe(
    "`leader`: only the one that holds the service's latch or election; without one requests fail.",
  );

const subset = z
  .strictObject({
    name: label.describe('Routes name it as `service/subset`.'),
    metadata: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe('Endpoints whose metadata has all of these are in it.'),
    endpoints: endpointsRole,
    fallback: z
      .enum(['none', 'all'])
      .default('none')
      .describe('Where requests go while no endpoint is in it: nowhere, or to all of the service.'),
  })
  .refine(({ metadata, endpoints }) => endpoints === 'leader' || Object.keys(metadata).length > 0, {
    message: 'holds all endpoints: give it metadata, or "endpoints: leader"',
  });

/** Parts of a service that routes can name. */
export const subsets = z
  .array(subset)
  .max(64)
  .superRefine(unique(({ name }) => name, 'subset'))
  .optional();

/** A part of a service that routes can name. */
export type Subset = z.output<typeof subset>;
