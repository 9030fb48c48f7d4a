import { ZooKeeperError } from '../zookeeper-error.ts';

/** Credentials for SASL: a `Server` section of the servers' JAAS file has the same user. */
export interface SaslOptions {
  /** The one mechanism there is. Kerberos (`GSSAPI`) is refused with INVALID_ARGUMENT. */
  readonly mechanism: 'DIGEST-MD5';
  readonly username: string;
  readonly password: string;
}

/**
 * Says what is wrong with options that came untyped.
 * @throws ZooKeeperError INVALID_ARGUMENT
 */
export function validateSasl({ mechanism, username, password }: SaslOptions): void {
  const detail = faultOf(mechanism, username, password);
  if (detail !== undefined)
    throw new ZooKeeperError('INVALID_ARGUMENT', { operation: 'connect', detail });
}

function faultOf(mechanism: string, username: unknown, password: unknown): string | undefined {
  if (mechanism === 'GSSAPI')
    return 'Kerberos (sasl.mechanism GSSAPI) is not supported: use DIGEST-MD5, a client certificate (tls) or addAuth("digest", …)';
  if (mechanism !== 'DIGEST-MD5')
    return `sasl.mechanism ${mechanism} is not supported: write DIGEST-MD5`;
  if (typeof username !== 'string' || username === '') return 'sasl.username is missing';
  if (typeof password !== 'string') return 'sasl.password is missing';
  return undefined;
}
