import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate with OpenSSL: an authority's, or one that `signer` vouches for. */
export async function certificate(
  folder: string,
  name: string,
  { host, signer }: { readonly host?: string; readonly signer?: Certificate } = {},
): Promise<Certificate> {
  const made = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.cert],
    ...['-addext', host === undefined ? 'keyUsage=keyCertSign' : `subjectAltName=DNS:${host}`],
    ...(signer === undefined ? [] : ['-CA', signer.cert, '-CAkey', signer.key]),
  ]);
  return made;
}
