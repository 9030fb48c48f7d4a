import type { PeerCertificate, SecureContext } from 'node:tls';

/** How a server is known, whatever the keys are. */
export interface TlsPeer {
  /** The name that the server's certificate has to have. Default: the host of the connect string. */
  readonly servername?: string;
  /**
   * Takes the place of the check of the server's name: an error refuses the server. The certificate's
   * authority is checked in any case.
   */
  readonly checkServerIdentity?: (
    hostname: string,
    certificate: PeerCertificate,
  ) => Error | undefined;
}

/** Certificates and keys as PEM text. */
export interface TlsPem extends TlsPeer {
  /** Authorities of servers' certificates. Default: those that Node knows. */
  readonly ca?: PemText;
  /** The client's certificate, with its chain; with `key`. */
  readonly cert?: PemText;
  readonly key?: PemText;
  /** Of an encrypted key: without it, or with another, `connect()` throws INVALID_ARGUMENT. */
  readonly passphrase?: string;
}

/**
 * Certificates and keys as PEM files. They are looked at before each connection: one that has changed
 * since is read again, and one that can't be used fails the attempt, not the client.
 */
export interface TlsFiles extends TlsPeer {
  /** Authorities of servers' certificates. Default: those that Node knows. */
  readonly caFile?: string;
  /** The client's certificate, with its chain; with `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Of an encrypted key: without it `connect()` throws INVALID_ARGUMENT. */
  readonly passphrase?: string;
}

/** A context of the caller's own making. */
export interface TlsContext extends TlsPeer {
  readonly secureContext: SecureContext;
}

type PemText = string | Buffer | readonly (string | Buffer)[];

/** How to speak TLS. `{}` is TLS with the authorities that Node knows. */
export type TlsOptions = TlsPem | TlsFiles | TlsContext | SecureContext;
