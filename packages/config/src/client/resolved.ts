import { z } from 'zod';
import { VALUE_TYPES } from '../model/entry.ts';

const from = z.object({
  application: z.string(),
  namespace: z.string(),
  release: z.number().optional(),
  gray: z.string().optional(),
});

const value = z.object({
  type: z.enum(VALUE_TYPES),
  /** As it was written. A secret has none unless it was revealed. */
  value: z.string().optional(),
  /** The release that it comes from. */
  from,
});

/** What the API answers to `GET /config/{app}/resolve`; what else it says is for others. */
export const resolvedSchema = z.object({
  application: z.string(),
  profiles: z.array(z.string()),
  /** Of keys, types and values: it is another when, and only when, one of those is. */
  digest: z.string(),
  /** How new it is: the zxid of the last change that it holds, decimal. */
  revision: z.string().regex(/^\d+$/),
  /** ZooKeeper is away from who answers: this is the last that it knows. */
  stale: z.boolean(),
  values: z.record(z.string(), value),
  /** The strongest first. */
  layers: z.array(from),
});

/** What an instance gets: keys with values, of which releases, how new. */
export type Resolved = z.output<typeof resolvedSchema>;
/** A value of it. */
export type ResolvedEntry = z.output<typeof value>;
