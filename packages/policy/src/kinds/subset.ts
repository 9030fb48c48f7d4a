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

/** Where the instances of a service stand for leader. */
export const election = z
  .strictObject({
    path: z
      .string()
      .max(1024)
      .regex(/^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/, 'is no path of a znode, as /apps/orders/leader')
      .describe(
        "The path of Curator's LeaderLatch or LeaderSelector, or of `meshkeeper elect`, in the ensemble of the service's registry; `{service}` in it is the service's name, percent-encoded.",
      ),
  })
  .optional()
  .describe(
    'Who leads, for `endpoints: leader`. The leader is the endpoint whose id, or address and port, is the id that the leader stands as, or that was registered by the same session. Default path: `/meshkeeper/elections/{service}`.',
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
