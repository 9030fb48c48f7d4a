import { hostNameFault } from '@meshkeeper/mesh';
import { z } from 'zod';
import { durationText } from './duration.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const between = (least: number, most: number, text: string) =>
  durationText.pipe(z.number().min(least, text).max(most, text));

/** What is said of the certificates of services. */
export const identitySchema = z
  .strictObject({
    trustDomain: z
      .string()
      .regex(
        /^[a-z0-9._-]{1,255}$/,
        'write lower-case letters, digits, dots, dashes and underscores',
      )
      .default('mesh')
      .describe(
        'What identities begin with: `spiffe://TRUSTDOMAIN/service/NAME`. It stays what it was.',
      ),
    lifetime: between(MINUTE, 365 * DAY, 'a certificate lasts from 1m to 8760h')
      .prefault('24h')
      .describe('How long a certificate is good, where none is asked for.'),
    maxLifetime: between(MINUTE, 365 * DAY, 'a certificate lasts from 1m to 8760h')
      .prefault('168h')
      .describe('How long one may be asked for, at most.'),
    authorityLifetime: between(60 * MINUTE, 3650 * DAY, 'an authority lasts from 1h to 87600h')
      .prefault('8760h')
      .describe('How long an authority is good; in the last quarter of it another follows.'),
    revocationListLifetime: between(MINUTE, 30 * DAY, 'a list is good for 1m to 720h')
      .prefault('24h')
      .describe('How long a list of what was revoked is good.'),
    dnsZones: z
      .array(
        z.string().refine((zone) => hostNameFault(zone) === undefined, {
          message: 'is no name in DNS',
        }),
      )
      .default([])
      .describe(
        'Zones in which certificates may have names besides those that the mesh gives to their services: `shop.internal`.',
      ),
  })
  .superRefine(({ lifetime, maxLifetime, authorityLifetime }, context) => {
    if (lifetime > maxLifetime)
      context.addIssue({
        ...{ code: 'custom', path: ['lifetime'] },
        message: 'is more than maxLifetime: make one of them another',
      });
    if (authorityLifetime < 4 * maxLifetime)
      context.addIssue({
        ...{ code: 'custom', path: ['authorityLifetime'] },
        message: 'has to be four times maxLifetime, or what it signs could outlive it',
      });
  })
  .prefault({})
  .describe('Certificates of services: what they say, and how long they are good.');

/** What is said of the certificates of services. */
export type IdentityConfig = z.output<typeof identitySchema>;
