import { grayRules } from '@meshkeeper/config';
import { z } from 'zod';
import { message, moment, plainName } from './config-schemas.ts';

const graySettings = {
  order: z.number().optional(),
  abandonOn: z.array(plainName).max(100).optional(),
};
export const grayBody = z.strictObject({
  ...graySettings,
  name: plainName,
  rules: grayRules,
  salt: z.string().max(1_000).optional(),
  until: moment.optional(),
  message,
});
export const grayUpdateBody = z.strictObject({
  ...graySettings,
  rules: grayRules.optional(),
  until: moment.nullable().optional(),
});
export const promoteBody = z
  .strictObject({ message, force: z.boolean().default(false) })
  .default({ force: false });
export const abandonBody = z.strictObject({ reason: message }).default({});

/** What a signal comes with: what is wrong, or what Alertmanager sends to webhooks. */
export const signalBody = z
  .union([
    z.strictObject({ detail: message }),
    z.looseObject({
      status: z.enum(['firing', 'resolved']),
      alerts: z.array(
        z.looseObject({
          status: z.enum(['firing', 'resolved']),
          labels: z.record(z.string(), z.string()).default({}),
          annotations: z.record(z.string(), z.string()).default({}),
        }),
      ),
    }),
  ])
  .default({});
export const signalledSchema = z.object({
  raised: z.boolean(),
  abandoned: z.array(
    z.object({
      application: z.string(),
      namespace: z.string(),
      gray: z.string(),
      reason: z.string(),
    }),
  ),
});
