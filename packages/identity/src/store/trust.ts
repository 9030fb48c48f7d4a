import { z } from 'zod';
import { IdentityError } from '../identity-error.ts';

/** Authorities that there may be at a time: those that were rotated out, and the one that signs. */
export const MOST_AUTHORITIES = 4;

const authoritySchema = z.object({
  id: z.string(),
  /** PEM; it vouches for itself. */
  certificate: z.string(),
  /** The same key, vouched for by those that it has followed: PEM, by their ids. */
  crossSigned: z.record(z.string(), z.string()),
  /** Its private key: PKCS #8, sealed, base64. */
  key: z.string(),
  notBefore: z.number(),
  notAfter: z.number(),
  createdAt: z.number(),
  createdBy: z.string(),
  /** Since when it signs nothing any more but lists of what was revoked. */
  retiringSince: z.number().optional(),
});

const trustSchema = z.object({
  format: z.literal(1),
  trustDomain: z.string(),
  /** The first signs. */
  authorities: z.tuple([authoritySchema], authoritySchema),
});

/** An authority as it is kept. Times in milliseconds since the epoch. */
export type StoredAuthority = Readonly<z.output<typeof authoritySchema>>;

/** Whom the mesh trusts, as it is kept: one znode, so that all of it changes at once. */
export type StoredTrust = Readonly<z.output<typeof trustSchema>>;

/** The same, and the version of its znode. */
export interface Trust extends StoredTrust {
  readonly version: number;
}

/** @throws IdentityError MALFORMED */
export function parseTrust(data: Buffer, path: string): StoredTrust {
  try {
    return trustSchema.parse(JSON.parse(data.toString()));
  } catch (cause) {
    throw new IdentityError('MALFORMED', `${path} holds no trust of ours`, { cause });
  }
}

/** What an authority's key is sealed for: it opens nowhere else, nor beside another certificate. */
export function sealContext(trustDomain: string, { id, certificate }: SealedFor): string {
  return JSON.stringify(['identity', trustDomain, id, certificate]);
}

type SealedFor = Pick<StoredAuthority, 'id' | 'certificate'>;
