import { createHash, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { trustDomainUri } from '../names/spiffe-id.ts';
import { ALGORITHM, exportKey, generateKeys } from './keys.ts';
import { dates, type Validity } from './validity.ts';

/** An authority that was just made. */
export interface NewAuthority {
  /** Tells it from all others: of its public key. */
  readonly id: string;
  /** PEM; it vouches for itself. */
  readonly certificate: string;
  /** PKCS #8, as DER. */
  readonly key: Buffer;
}

/** Who signs. */
export interface Signer {
  /** PEM. */
  readonly certificate: string;
  readonly key: webcrypto.CryptoKey;
}

/** Below a self-signed one there may be a successor that it vouches for, and below that nobody. */
const PATH = { own: 1, crossSigned: 0 } as const;

/** Makes an authority of a trust domain. */
export async function makeAuthority(
  trustDomain: string,
  validity: Validity,
): Promise<NewAuthority> {
  const keys = await generateKeys();
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  const id = createHash('sha256').update(spki).digest('hex').slice(0, 16);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: randomSerial(),
      name: [{ CN: [`Meshkeeper ${id}`] }],
      ...dates(validity),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: await extensions(trustDomain, keys.publicKey, PATH.own),
    },
    webcrypto,
  );
  return { id, certificate: pem(certificate), key: await exportKey(keys) };
}

/**
 * Has an authority vouch for another one: who knows only the first believes what the second signs.
 * @param other PEM
 */
export async function crossSign(
  trustDomain: string,
  signer: Signer,
  other: string,
): Promise<string> {
  const [issuer, subject] = [new X509Certificate(signer.certificate), new X509Certificate(other)];
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: randomSerial(),
      subject: subject.subjectName,
      issuer: issuer.subjectName,
      notBefore: subject.notBefore,
      notAfter: new Date(Math.min(issuer.notAfter.getTime(), subject.notAfter.getTime())),
      publicKey: subject.publicKey,
      signingKey: signer.key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        ...(await extensions(trustDomain, subject.publicKey, PATH.crossSigned)),
        await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return pem(certificate);
}

/** A certificate as PEM, with the newline at its end that files of several need. */
export function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function extensions(
  trustDomain: string,
  publicKey: webcrypto.CryptoKey | PublicKey,
  path: number,
) {
  return [
    new BasicConstraintsExtension(true, path, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectAlternativeNameExtension([{ type: 'url', value: trustDomainUri(trustDomain) }]),
    await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
  ];
}

/** Positive, as RFC 5280 wants it; never that of a service's certificate, which begins otherwise. */
function randomSerial(): string {
  return `01${randomBytes(16).toString('hex')}`;
}
