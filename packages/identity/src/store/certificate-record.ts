import { z } from 'zod';
import { REVOCATION_REASONS, type RevocationReason } from '../x509/revocation-list.ts';

// Of the names of a constant, which Object.keys doesn't say.
const REASONS = Object.keys(REVOCATION_REASONS) as readonly RevocationReason[];

const recordSchema = z.object({
  service: z.string(),
  spiffeId: z.string(),
  dnsNames: z.array(z.string()),
  notBefore: z.number(),
  notAfter: z.number(),
  issuedAt: z.number(),
  /** Who has asked for it. */
  issuedBy: z.string(),
  revoked: z.object({ at: z.number(), by: z.string(), reason: z.enum(REASONS) }).optional(),
});

/** What is kept of a certificate. Times in milliseconds since the epoch. */
export type CertificateRecord = Readonly<z.output<typeof recordSchema>>;

/** A certificate that was issued. */
export interface Certificate extends CertificateRecord {
  readonly serial: string;
  /** The id of who has signed it. */
  readonly authority: string;
  /** Of its record. */
  readonly version: number;
}

/** Undefined where it is no record of ours: one that can't be read hides no other. */
export function parseRecord(data: Buffer): CertificateRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(data.toString()));
  } catch {
    return undefined;
  }
}

/** What is kept of a revoked certificate for the list of them. */
export const revokedSchema = z.object({ at: z.number(), reason: z.enum(REASONS) });
