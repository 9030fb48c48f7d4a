import { z } from 'zod';
import { ROLES } from '../../auth/roles.ts';
import { tokenName } from '../../auth/token.ts';
import { durationText } from '../../config/duration.ts';
import { nextSchema } from '../page.ts';
import { timeSchema } from './common-schemas.ts';

/** No token lasts longer, in milliseconds: a hundred years. */
const LONGEST = 100 * 365 * 24 * 3_600_000;

const roles = z.array(z.enum(ROLES));

/** A token to be made. */
export const newTokenBody = z.strictObject({
  name: tokenName,
  roles: roles.min(1),
  expiresIn: durationText
    .refine((value) => value <= LONGEST, 'a hundred years at most: leave it out instead')
    .optional()
    .describe('`24h`, or milliseconds. Without it, until it is revoked.'),
});

/** A token, but not the token itself: that is kept nowhere. */
export const tokenSchema = z
  .object({
    name: z.string(),
    roles,
    createdAt: timeSchema,
    createdBy: z.string(),
    expiresAt: timeSchema.optional(),
    expired: z.boolean(),
  })
  .meta({ id: 'Token' });

/** All tokens. */
export const tokenListSchema = z.object({ tokens: z.array(tokenSchema), ...nextSchema });

/** A token that was just made. */
export const createdTokenSchema = tokenSchema.extend({
  token: z.string().describe('Shown this once.'),
});

/** Who calls. */
export const callerSchema = z.object({
  kind: z.enum(['loopback', 'insecure', 'token', 'oidc']),
  name: z.string(),
  roles,
});
