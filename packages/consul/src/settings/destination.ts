import { z } from 'zod';
import { connectionSettings, durationText } from './connection.ts';

/** What is said of a Consul that is written to. */
export const consulDestinationSchema = z.strictObject({
  ...connectionSettings,
  datacenter: z
    .string()
    .min(1)
    .optional()
    .describe("Where it writes to. Default: the agent's own."),
  node: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, 'letters, digits and -')
    .default('meshkeeper')
    .describe('The node that instances are registered on; nobody else should write to it.'),
  nodeAddress: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Its address, which nobody uses: each instance has its own.'),
  resync: durationText
    .prefault('60s')
    .pipe(z.number().min(100, 'at least 100ms'))
    .describe('How often what is there is read again: what others have changed is put right.'),
  maxDeleteShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('A larger share of what is there is not taken away at once.'),
  allowMassDelete: z
    .boolean()
    .default(false)
    .describe('Take away as much as it is: for a time, when that is meant.'),
});

/** What is said of a Consul that is written to, complete. */
export type ConsulDestinationSettings = z.output<typeof consulDestinationSchema>;
