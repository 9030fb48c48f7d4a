import { z } from 'zod';
import { ROLES } from '../auth/roles.ts';
import { durationText } from './duration.ts';

/** Signatures that are accepted unless others are named: none with a shared secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
] as const;

const oidcSchema = z
  .strictObject({
    issuer: z.url().describe('As the tokens say it (`iss`).'),
    audience: z.string().min(1).describe('What the tokens have to be for (`aud`).'),
    jwks: z
      .url()
      .optional()
      .describe("Where its keys are. Without it: what the issuer's discovery document says."),
    claim: z
      .string()
      .min(1)
      .default('roles')
      .describe('Which claim gives the roles; `realm_access.roles` is one within another.'),
    roles: z
      .record(z.string(), z.array(z.enum(ROLES)))
      .describe('What each value of the claim may do: `{ mesh-admins: [admin] }`.'),
    clockTolerance: durationText
      .prefault('30s')
      .describe("How far the issuer's clock may be from ours."),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default([...ALGORITHMS])
      .describe('Signatures that are accepted.'),
  })
  .describe('Bearer tokens of an OpenID Connect issuer are accepted, too.');

/** How the API knows who calls. */
export const authSchema = z.strictObject({
  loopback: z
    .enum(['admin', 'authenticated'])
    .default('admin')
    .describe(
      'What a request is that comes over loopback, without a token and without having been forwarded: the administrator, or nobody.',
    ),
  oidc: oidcSchema.optional(),
});

/** The issuer whose tokens are accepted. */
export type OidcConfig = z.output<typeof oidcSchema>;

/** How the API knows who calls. */
export type AuthConfig = z.output<typeof authSchema>;
