import { createPrivateKey } from 'node:crypto';
import { toError } from '../connection/to-error.ts';

/** PEM, as text or as read from a file. */
export type Pem = string | Buffer;

/** Both PEM's own encryption (`DEK-Info`) and PKCS #8's. */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/;

/** Whether a key wants a passphrase. */
export function isEncrypted(key: Pem): boolean {
  return ENCRYPTED.test(key.toString());
}

/** What to say of encrypted keys without a passphrase. `name`: `tls.key`, or the file's. */
export function missingPassphrase(name: string): Error {
  return new Error(`${name} is encrypted: give tls.passphrase`);
}

/**
 * Why keys can't be used, if it is their passphrase; otherwise `cause`, which says what else it is.
 * OpenSSL's own words don't tell: a passphrase that is missing or wrong is a "bad decrypt" to it.
 */
export function explainKey(
  keys: readonly Pem[],
  passphrase: string | undefined,
  name: string,
  cause: unknown,
): Error {
  const key = keys.find(isEncrypted);
  if (key === undefined) return toError(cause);
  if (passphrase === undefined) return missingPassphrase(name);
  try {
    createPrivateKey({ key, passphrase });
    return toError(cause);
  } catch {
    return new Error(`tls.passphrase does not open ${name}`, { cause });
  }
}
