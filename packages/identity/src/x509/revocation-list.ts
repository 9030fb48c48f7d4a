import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  Extension,
  PemConverter,
  X509Certificate,
  X509CrlGenerator,
  X509CrlReason,
} from '@peculiar/x509';
import type { Signer } from './authority-certificate.ts';
import { ALGORITHM } from './keys.ts';

/** Why a certificate counts no more, in the words of RFC 5280. */
export const REVOCATION_REASONS = {
  unspecified: X509CrlReason.unspecified,
  'key-compromise': X509CrlReason.keyCompromise,
  'affiliation-changed': X509CrlReason.affiliationChanged,
  superseded: X509CrlReason.superseded,
  'cessation-of-operation': X509CrlReason.cessationOfOperation,
  'privilege-withdrawn': X509CrlReason.privilegeWithdrawn,
} as const;

/** Why a certificate counts no more. */
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** A certificate that counts no more. */
export interface RevokedEntry {
  readonly serial: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly reason: RevocationReason;
}

/** What a list says. Times in milliseconds since the epoch. */
export interface RevocationListOptions {
  readonly entries: readonly RevokedEntry[];
  /** Of two lists the newer has the greater. */
  readonly number: number;
  readonly thisUpdate: number;
  /** Until then there is another one. */
  readonly nextUpdate: number;
}

const CRL_NUMBER = '2.5.29.20';

/** Signs the list of an authority's certificates that count no more, as PEM. */
export async function signRevocationList(
  signer: Signer,
  { entries, number, thisUpdate, nextUpdate }: RevocationListOptions,
): Promise<string> {
  const issuer = new X509Certificate(signer.certificate);
  const list = await X509CrlGenerator.create(
    {
      issuer: issuer.subjectName,
      thisUpdate: new Date(thisUpdate),
      nextUpdate: new Date(nextUpdate),
      signingAlgorithm: ALGORITHM,
      signingKey: signer.key,
      entries: entries.map(({ serial, at, reason }) => ({
        serialNumber: serial,
        revocationDate: new Date(at),
        // One that says nothing is left out, as RFC 5280 wants it.
        ...(reason !== 'unspecified' && { reason: REVOCATION_REASONS[reason] }),
      })),
      extensions: [
        await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
        new Extension(CRL_NUMBER, false, derInteger(number)),
      ],
    },
    webcrypto,
  );
  // The label that RFC 7468 has for it, which the library has not.
  return `${PemConverter.encode(list.rawData, 'X509 CRL')}\n`;
}

/** A whole number that is not negative. */
function derInteger(value: number): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const bytes = Buffer.from(hex, 'hex');
  const positive = bytes[0]! < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}
