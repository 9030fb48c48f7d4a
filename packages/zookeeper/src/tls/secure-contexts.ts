import { createSecureContext, type SecureContext } from 'node:tls';
import { PemFiles } from './pem-files.ts';
import { explainKey, type Pem } from './private-key.ts';
import type { TlsFiles, TlsOptions, TlsPeer, TlsPem } from './tls-options.ts';

/** The keys of each new connection. */
export interface SecureContexts {
  /** How the server is known. */
  readonly peer: TlsPeer;
  /** True when the client has a certificate to show; undefined when that is not known. */
  readonly certificate: boolean | undefined;
  /** @throws Error for keys that no change of their files makes usable. */
  check(): Promise<void>;
  /** The context to use now. @throws Error when a file can't be used. */
  current(): Promise<SecureContext>;
}

/** Reads TLS options. @throws Error for keys that can't be used. */
export function secureContexts(tls: TlsOptions): SecureContexts {
  if ('secureContext' in tls) return fixed(tls, undefined, tls.secureContext);
  if ('context' in tls) return fixed({}, undefined, tls as SecureContext);
  if (isFiles(tls)) {
    const files = new PemFiles(tls);
    const certificate = tls.certFile !== undefined;
    return {
      peer: tls,
      certificate,
      check: () => files.check(),
      current: () => files.current(),
    };
  }
  const { ca, cert, key, passphrase } = tls as TlsPem;
  if ((cert === undefined) !== (key === undefined))
    throw new Error('tls.cert and tls.key belong together: write both or none');
  const certificate = cert !== undefined;
  const pem = { ca: list(ca), cert: list(cert), key: list(key), passphrase };
  try {
    return fixed(tls as TlsPem, certificate, createSecureContext(pem));
  } catch (cause) {
    throw explainKey([key ?? []].flat(), passphrase, 'tls.key', cause);
  }
}

function fixed(
  peer: TlsPeer,
  certificate: boolean | undefined,
  context: SecureContext,
): SecureContexts {
  return { peer, certificate, check: async () => {}, current: async () => context };
}

function isFiles(tls: TlsOptions): tls is TlsFiles {
  return 'caFile' in tls || 'certFile' in tls || 'keyFile' in tls;
}

/** Node wants lists that it might change. */
function list(pem: Pem | readonly Pem[] | undefined): Pem | Pem[] | undefined {
  return typeof pem === 'string' || pem === undefined || Buffer.isBuffer(pem) ? pem : [...pem];
}
