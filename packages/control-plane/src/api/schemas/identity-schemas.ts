import { z } from 'zod';
import { nextSchema } from '../page.ts';
import { timeSchema } from './common-schemas.ts';
import { duration } from './lease-schemas.ts';

/** Why a certificate counts no more, in the words of RFC 5280: those of the package, which is loaded later. */
const REASONS = [
  ...(['unspecified', 'key-compromise', 'affiliation-changed', 'superseded'] as const),
  ...(['cessation-of-operation', 'privilege-withdrawn'] as const),
] as const;

const YEAR = 365 * 24 * 3_600_000;
const HOST_NAMES = 'Where DNS bears it its name, `ALIAS.mesh`, and what was asked for besides.';

const service = z.string().min(1).max(2_000).describe("The service's name, as the catalog has it.");
const serial = z.string().describe('Hexadecimal, as OpenSSL shows it but for the case.');
const authorityId = z.string().describe('Of its public key.');

/** What somebody asks to be certified. */
export const issueBody = z
  .strictObject({
    service,
    csr: z
      .string()
      .min(1)
      .max(16 * 1024)
      .describe(
        'A request (PKCS #10) as PEM. Its DNS names are what is asked for; of an identity only its own may be in it.',
      ),
    ttl: duration(1_000, YEAR, 'How long it is good:').optional(),
  })
  .meta({ id: 'CertificateRequest' });

/** A certificate that was issued. */
export const certificateSchema = z
  .object({
    serial,
    service: z.string(),
    spiffeId: z.string().describe('`spiffe://TRUSTDOMAIN/service/NAME`.'),
    dnsNames: z.array(z.string()).describe(HOST_NAMES),
    authority: authorityId,
    notBefore: timeSchema,
    notAfter: timeSchema,
    issuedAt: timeSchema,
    issuedBy: z.string(),
    state: z
      .enum(['valid', 'expired', 'revoked', 'untrusted'])
      .describe('`untrusted`: its authority is trusted no more.'),
    revoked: z.object({ at: timeSchema, by: z.string(), reason: z.enum(REASONS) }).optional(),
  })
  .meta({ id: 'Certificate' });

/** A certificate that was just issued. */
export const issuedSchema = certificateSchema
  .extend({
    certificate: z
      .string()
      .describe('PEM: its own, then that by which who knows only an older authority believes it.'),
    bundle: z.string().describe('PEM: the authorities to trust.'),
  })
  .meta({ id: 'IssuedCertificate' });

/** Which certificates. */
export const certificateQuery = z.strictObject({
  service: z.string().max(2_000).optional().describe('Only those of this service.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z
    .string()
    .regex(/^[0-9a-f]{1,64}$/)
    .optional()
    .describe('`next` of the page before.'),
});

/** Certificates, those first that expire first. */
export const certificateListSchema = z.object({
  certificates: z.array(certificateSchema),
  ...nextSchema,
});

/** `/certificates/:serial`. */
export const certificateParams = z.strictObject({
  serial: z
    .string()
    .min(1)
    .max(200)
    .describe('As the list has it; capital letters and colons count for nothing.'),
});

/** Why a certificate counts no more. */
export const revokeBody = z.strictObject({
  reason: z.enum(REASONS).default('unspecified').describe('In the words of RFC 5280.'),
});

/** Whom the mesh trusts. */
export const authorityListSchema = z
  .object({
    trustDomain: z.string(),
    authorities: z
      .array(
        z
          .object({
            id: authorityId,
            state: z.enum(['signing', 'retiring']),
            notBefore: timeSchema,
            notAfter: timeSchema,
            createdAt: timeSchema,
            createdBy: z.string(),
            retiringSince: timeSchema.optional(),
            unexpired: z.int().nonnegative().describe('Of its certificates.'),
            certificate: z.string().describe('PEM.'),
          })
          .meta({ id: 'Authority' }),
      )
      .describe('The first signs.'),
  })
  .meta({ id: 'Authorities' });

/** `/authorities/:authority`. */
export const authorityParams = z.strictObject({
  authority: z.string().regex(/^[0-9a-f]{16}$/, 'an id has 16 hexadecimal digits'),
});
