import { type Any, DownstreamTlsContext } from '@meshkeeper/xds';
import type { Problems } from './problems.ts';

/** Where a certificate or a key is. */
export type PemSource =
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'inline'; readonly text: string };

/** How TLS is ended for clients. */
export interface DownstreamTls {
  readonly certificates: readonly { readonly chain: PemSource; readonly key: PemSource }[];
  /** Whose certificates clients may show; undefined: they are not asked for any. */
  readonly clientAuthority: PemSource | undefined;
  readonly revoked: PemSource | undefined;
  /** Clients without a certificate are turned away. */
  readonly requireClient: boolean;
  /** Any certificate is good enough. */
  readonly acceptUntrusted: boolean;
  /** Clients that say no server name are turned away. */
  readonly requireName: boolean;
  /** In order of preference; empty: none is agreed on. */
  readonly protocols: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}

/** What Node calls a version of TLS. */
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

const CONTEXT =
  'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';

/** A filter chain's `transport_socket.typed_config`. */
export function parseDownstreamTls(
  any: Any | null | undefined,
  problems: Problems,
): DownstreamTls | undefined {
  if (any?.type_url !== CONTEXT) {
    problems.add('', `the embedded proxy has no ${any?.type_url ?? 'such transport socket'}`);
    return undefined;
  }
  const message = DownstreamTlsContext.decode(any.value ?? new Uint8Array());
  const common = message.commonTlsContext ?? {};
  const at = problems.at('common_tls_context');
  at.unsupported('tls_certificate_sds_secret_configs', common.tlsCertificateSdsSecretConfigs);
  at.unsupported('validation_context_sds_secret_config', common.validationContextSdsSecretConfig);
  at.unsupported('combined_validation_context', common.combinedValidationContext);
  const { validationContext, tlsParams } = common;
  const validationAt = at.at('validation_context');
  validationAt.unsupported(
    'match_typed_subject_alt_names',
    validationContext?.matchTypedSubjectAltNames,
  );
  const certificates = (common.tlsCertificates ?? []).map((each, i) => {
    const certificateAt = at.at(`tls_certificates[${i}]`);
    return {
      chain: parsePem(each.certificateChain, certificateAt.at('certificate_chain')),
      key: parsePem(each.privateKey, certificateAt.at('private_key')),
    };
  });
  if (certificates.length === 0) at.add('tls_certificates', 'at least one is required');
  const authority = validationContext?.trustedCa;
  if (message.requireClientCertificate?.value && !authority) {
    validationAt.add('trusted_ca', 'is required where clients need a certificate');
  }
  return {
    certificates,
    clientAuthority: authority ? parsePem(authority, validationAt.at('trusted_ca')) : undefined,
    revoked: validationContext?.crl
      ? parsePem(validationContext.crl, validationAt.at('crl'))
      : undefined,
    requireClient: message.requireClientCertificate?.value === true,
    acceptUntrusted: validationContext?.trustChainVerification === ACCEPT_UNTRUSTED,
    requireName: message.requireSni?.value === true,
    protocols: common.alpnProtocols ?? [],
    // Envoy's for clients.
    minVersion: TLS_VERSIONS[tlsParams?.tlsMinimumProtocolVersion ?? 0] ?? 'TLSv1.2',
    maxVersion: TLS_VERSIONS[tlsParams?.tlsMaximumProtocolVersion ?? 0] ?? 'TLSv1.3',
  };
}

/** `CertificateValidationContext.TrustChainVerification`. */
const ACCEPT_UNTRUSTED = 1;

/** `TlsParameters.TlsProtocol`, by number. */
export const TLS_VERSIONS: Readonly<Record<number, TlsVersion>> = {
  1: 'TLSv1',
  2: 'TLSv1.1',
  3: 'TLSv1.2',
  4: 'TLSv1.3',
};

interface DataSource {
  readonly filename?: string | null;
  readonly inlineString?: string | null;
  readonly inlineBytes?: Uint8Array | null;
}

/** A `config.core.v3.DataSource` that holds certificates or a key. */
export function parsePem(source: DataSource | null | undefined, problems: Problems): PemSource {
  if (source?.filename) return { type: 'file', path: source.filename };
  if (source?.inlineString) return { type: 'inline', text: source.inlineString };
  if (source?.inlineBytes?.length) {
    return { type: 'inline', text: Buffer.from(source.inlineBytes).toString() };
  }
  problems.add('', 'filename, inline_string or inline_bytes is required');
  return { type: 'inline', text: '' };
}
