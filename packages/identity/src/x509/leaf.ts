import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { pem, type Signer } from './authority-certificate.ts';
import { ALGORITHM } from './keys.ts';
import { dates, type Validity } from './validity.ts';

/** What a certificate of a service says: an X.509-SVID. */
export interface LeafOptions {
  readonly serial: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly publicKey: PublicKey;
  readonly validity: Validity;
}

/**
 * Signs a certificate of a service, as PEM. Who it is for is said by its one URI, and by its DNS names for
 * those that look at nothing else; it has no subject, whose texts are short and of few characters.
 */
export async function signLeaf(
  signer: Signer,
  { serial, spiffeId, dnsNames, publicKey, validity }: LeafOptions,
): Promise<string> {
  const issuer = new X509Certificate(signer.certificate);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serial,
      issuer: issuer.subjectName,
      ...dates(validity),
      publicKey,
      signingKey: signer.key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        // Critical, as it has to be where there is no subject.
        new SubjectAlternativeNameExtension(
          [
            { type: 'url', value: spiffeId },
            ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
          ],
          true,
        ),
        await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return pem(certificate);
}
