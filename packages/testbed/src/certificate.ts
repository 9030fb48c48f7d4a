import { execFile } from 'node:child_process';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files of a certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Whose certificate it is. */
export interface CertificateOptions {
  /** Host names and IP addresses that it is for. Default: none, it is an authority's. */
  readonly hosts?: readonly string[];
  /** The authority that vouches for it. Default: itself. */
  readonly signer?: Certificate;
}

/** Makes a certificate that is good for two days, with OpenSSL: `NAME.pem` and `NAME-key.pem` in the folder. */
export async function certificate(
  folder: string,
  name: string,
  { hosts = [], signer }: CertificateOptions = {},
): Promise<Certificate> {
  const made = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) };
  const names = hosts.map((host) => (isIP(host) === 0 ? `DNS:${host}` : `IP:${host}`));
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', `/CN=${name}`, '-keyout', made.key, '-out', made.cert],
    ...['-addext', names.length === 0 ? 'keyUsage=keyCertSign' : `subjectAltName=${names}`],
    ...(signer === undefined ? [] : ['-CA', signer.cert, '-CAkey', signer.key]),
  ]);
  return made;
}
