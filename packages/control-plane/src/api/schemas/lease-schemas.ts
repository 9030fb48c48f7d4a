import { z } from 'zod';
import { durationText } from '../../config/duration.ts';
import { timeSchema } from './common-schemas.ts';

/** Milliseconds, or text, of a time to live. */
const SHORTEST = 1_000;
const LONGEST = 3_600_000;
/** How long somebody may wait in a queue, in milliseconds. */
export const LONGEST_WAIT = 24 * 3_600_000;

/** What is said of the form of a duration. */
const durationForm = /^\d{1,9}(\.\d{1,3})?(ms|s|m|h)$/;

/** A duration: text as `30s`, or a number of milliseconds. */
export const duration = (min: number, max: number, what: string) =>
  z
    .union([z.number().min(min).max(max), z.string().regex(durationForm, 'write 500ms, 30s or 5m')])
    .pipe(durationText)
    .pipe(z.number().min(min).max(max))
    .meta({ description: `${what} \`30s\`, or milliseconds.` });

/** How long a lease lasts without a keep-alive. */
export const ttlSchema = duration(SHORTEST, LONGEST, 'How long it lasts without a keep-alive:');

/** What a holder is called. */
export const holderSchema = z
  .string()
  .min(1)
  .max(200)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it refuses
  .regex(/^[^\u0000-\u001f\u007f]+$/, 'without control characters');

/** `/locks/:name`, `/elections/:name`. */
export const queueParams = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe('A name; or a path, that begins with `/`: percent-encoded as one part.'),
});
/** `/locks/:name/:holder`. */
export const holderParams = queueParams.extend({ holder: holderSchema });

/** What is asked of a queue. */
export const acquireSchema = z
  .strictObject({
    holder: holderSchema
      .optional()
      .describe('Who asks: unique, the same in retries. Without it one is made up.'),
    ttl: ttlSchema.default(15_000),
    wait: duration(0, LONGEST_WAIT, 'How long to wait for it:').default(0),
    data: z.string().max(1_000).optional().describe('What others see of the holder.'),
  })
  .meta({ id: 'LeaseRequest' });

/** A lease, as its holder is told of it. */
export const leaseSchema = z
  .object({
    name: z.string(),
    path: z.string().describe('The znode that holders and waiters stand under.'),
    holder: z.string(),
    fencing: z.string().describe('Shown to what the lock protects: `generation.czxid`.'),
    ttl: z.number().describe('Milliseconds.'),
    expiresIn: z
      .number()
      .describe('Milliseconds from when this was sent that it lasts without a keep-alive.'),
  })
  .meta({ id: 'Lease' });

/** Who stands in a queue. */
export const memberSchema = z
  .object({
    holder: z.string(),
    since: timeSchema,
    fencing: z.string(),
    kind: z.enum(['exclusive', 'read', 'lease']),
    path: z.string().describe('Of its znode.'),
    session: z.string().optional().describe('Where it goes with a session of ZooKeeper.'),
    ttl: z.number().optional().describe('Milliseconds, where it lives by keep-alive.'),
    expiresIn: z.number().optional().describe('Milliseconds, as far as this replica knows.'),
    data: z.string().optional(),
  })
  .meta({ id: 'QueueMember' });

/** A lock or an election: who holds and who waits, in the queue's order. */
export const queueSchema = z
  .object({
    name: z.string(),
    path: z.string(),
    holders: z.array(memberSchema).describe('Of a lock and an election one, or none.'),
    waiters: z.array(memberSchema),
  })
  .meta({ id: 'Queue' });
