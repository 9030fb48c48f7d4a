import { VALUE_TYPES } from '@meshkeeper/config';
import { milliseconds } from '@meshkeeper/policy';
import { z } from 'zod';
import { nextSchema, pageQuery } from '../page.ts';
import { timeSchema } from './common-schemas.ts';
import { number, plainName } from './config-schemas.ts';

export const LONGEST_WAIT = 300_000;
const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const labels = texts
  .refine((all) => all.every((each) => each.indexOf('=') > 0), 'write label=key=value')
  .transform((all) =>
    Object.fromEntries(all.map((each) => [each.split('=')[0]!, each.slice(each.indexOf('=') + 1)])),
  );
export const resolveQuery = z.strictObject({
  profile: texts
    .transform((all) => all.flatMap((each) => each.split(',')).filter((each) => each !== ''))
    .optional()
    .describe('`a,b`: `b` is stronger.'),
  instance: z.string().optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  label: labels.optional(),
  secrets: z.literal('reveal').optional().describe('Takes the role `secret`.'),
  wait: z
    .string()
    .transform((text) => milliseconds(text))
    .refine((value) => value >= 0 && value <= LONGEST_WAIT, 'write 30s, or 5m at most')
    .optional()
    .describe('With `If-None-Match`: so long for what is another.'),
});
export const instanceListQuery = z.strictObject({
  ...pageQuery,
  namespace: plainName.optional(),
  release: z.coerce.number().int().min(1).optional(),
});
const originSchema = z.object({
  application: z.string(),
  namespace: z.string(),
  release: number,
  gray: z.string().optional(),
});
export const resolvedSchema = z
  .object({
    application: z.string(),
    profiles: z.array(z.string()),
    digest: z.string().describe('Of keys, types and values.'),
    revision: z.string().describe('The last transaction that is seen (zxid, decimal).'),
    stale: z.boolean().describe('ZooKeeper is away: this is the last that is known.'),
    values: z.record(
      z.string(),
      z.object({
        type: z.enum(VALUE_TYPES),
        value: z.string().optional(),
        from: originSchema,
      }),
    ),
    layers: z.array(originSchema).describe('The strongest first.'),
  })
  .meta({ id: 'ConfigResolved' });
export type ResolvedView = z.output<typeof resolvedSchema>;
export const digestEvent = z.object({
  application: z.string(),
  digest: z.string(),
  revision: z.string(),
  stale: z.boolean(),
});

export const instanceListSchema = z.object({
  replica: z.string().describe('The id of the one that was asked.'),
  items: z.array(
    z
      .object({
        instance: z.string().optional(),
        address: z.string().optional(),
        labels: z.record(z.string(), z.string()).optional(),
        profiles: z.array(z.string()),
        at: timeSchema.describe('When it asked last.'),
        digest: z.string().describe('Of all that it has.'),
        layers: z.array(originSchema).describe('What it has, the strongest first.'),
      })
      .meta({ id: 'ConfigInstance' }),
  ),
  ...nextSchema,
});
