import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ROLES } from './roles.ts';

/** What tokens begin with: scanners for secrets find them by it. */
export const TOKEN_PREFIX = 'mk_';

/** What a token's name may be: it is shown, written into the audit, and a znode's name. */
export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits, ".", "_" and "-", 64 at most');

/** The latest time that there is. */
const LATEST = 8_640_000_000_000_000;

/** What is kept of a token: never the token itself. */
export const storedTokenSchema = z.object({
  /** SHA-256 of the token, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  roles: z.array(z.enum(ROLES)),
  /** Milliseconds since the epoch. */
  createdAt: z.number(),
  createdBy: z.string(),
  expiresAt: z.number().max(LATEST).optional(),
});

/** A token, as it is kept. */
export type StoredToken = Readonly<z.output<typeof storedTokenSchema>> & { readonly name: string };

/** A new token: 256 random bits. */
export function newToken(): string {
  return TOKEN_PREFIX + randomBytes(32).toString('base64url');
}

/**
 * What is kept of a token. A plain hash suffices: salts and slow hashes protect what people think up,
 * and 256 random bits can't be guessed.
 */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
