import { webcrypto } from 'node:crypto';
import { PemConverter } from '@peculiar/x509';

/** Keys of authorities, and those that are made for services. */
export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes a pair of keys. */
export function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** PKCS #8, as DER. */
export async function exportKey({ privateKey }: webcrypto.CryptoKeyPair): Promise<Buffer> {
  return Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
}

/** PKCS #8, as PEM. */
export async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return `${PemConverter.encode(await exportKey(keys), 'PRIVATE KEY')}\n`;
}

/** A key that can sign, and not be exported. @param der PKCS #8 */
export function importKey(der: Buffer): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
