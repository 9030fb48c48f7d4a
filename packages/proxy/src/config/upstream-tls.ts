import { type Any, type StringMatcher, UpstreamTlsContext } from '@meshkeeper/xds';
import { type PemSource, parsePem, TLS_VERSIONS, type TlsVersion } from './downstream-tls.ts';
import type { Problems } from './problems.ts';
import { parseStringMatch } from './string-match.ts';

/** What a certificate calls its owner. */
export type NameKind = 'DNS' | 'URI' | 'IP Address' | 'email';

/** A name that an endpoint's certificate has to have. */
export interface NameMatch {
  readonly kind: NameKind;
  readonly matcher: StringMatcher;
}

/** TLS towards endpoints. */
export interface UpstreamTls {
  /** Empty: none is said. */
  readonly serverName: string;
  /** What the proxy shows of itself. */
  readonly certificate: { readonly chain: PemSource; readonly key: PemSource } | undefined;
  /** Who vouches for endpoints; undefined: nobody has to, as with Envoy. */
  readonly authority: PemSource | undefined;
  readonly revoked: PemSource | undefined;
  /** One of them has to be in the certificate; empty: any certificate is good. */
  readonly names: readonly NameMatch[];
  readonly protocols: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
}

const CONTEXT = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
const PLAIN = 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer';
/** `SubjectAltNameMatcher.SanType`, by number. */
const KINDS: Readonly<Record<number, NameKind>> = {
  1: 'email',
  2: 'DNS',
  3: 'URI',
  4: 'IP Address',
};

/** A cluster's `transport_socket.typed_config`. */
export function parseUpstreamTls(
  any: Any | null | undefined,
  problems: Problems,
): UpstreamTls | undefined {
  if (any?.type_url === PLAIN) return undefined;
  if (any?.type_url !== CONTEXT) {
    problems.add('', `the embedded proxy has no ${any?.type_url ?? 'such transport socket'}`);
    return undefined;
  }
  const { sni, commonTlsContext } = UpstreamTlsContext.decode(any.value ?? new Uint8Array());
  const common = commonTlsContext ?? {};
  const at = problems.at('common_tls_context');
  at.unsupported('tls_certificate_sds_secret_configs', common.tlsCertificateSdsSecretConfigs);
  at.unsupported('validation_context_sds_secret_config', common.validationContextSdsSecretConfig);
  at.unsupported('combined_validation_context', common.combinedValidationContext);
  const [certificate, ...more] = common.tlsCertificates ?? [];
  if (more.length > 0) at.add('tls_certificates', 'the embedded proxy shows one');
  const own = at.at('tls_certificates[0]');
  const { validationContext: validation, tlsParams } = common;
  const trust = at.at('validation_context');
  const names = (validation?.matchTypedSubjectAltNames ?? []).map(({ sanType, matcher }, i) => {
    const nameAt = trust.at(`match_typed_subject_alt_names[${i}]`);
    const kind = KINDS[sanType ?? 0];
    if (!kind) nameAt.add('san_type', 'must be EMAIL, DNS, URI or IP_ADDRESS');
    parseStringMatch(matcher ?? {}, nameAt.at('matcher'));
    return { kind: kind ?? 'DNS', matcher: matcher ?? {} };
  });
  if (names.length > 0 && !validation?.trustedCa) {
    trust.add('trusted_ca', 'is required where names have to match');
  }
  return {
    serverName: sni ?? '',
    certificate: certificate && {
      chain: parsePem(certificate.certificateChain, own.at('certificate_chain')),
      key: parsePem(certificate.privateKey, own.at('private_key')),
    },
    authority: validation?.trustedCa
      ? parsePem(validation.trustedCa, trust.at('trusted_ca'))
      : undefined,
    revoked: validation?.crl ? parsePem(validation.crl, trust.at('crl')) : undefined,
    names,
    protocols: common.alpnProtocols ?? [],
    minVersion: TLS_VERSIONS[tlsParams?.tlsMinimumProtocolVersion ?? 0] ?? 'TLSv1.2',
    // Envoy's for endpoints is 1.2 as long as nothing else is stated; 1.3 costs a round trip less.
    maxVersion: TLS_VERSIONS[tlsParams?.tlsMaximumProtocolVersion ?? 0] ?? 'TLSv1.3',
  };
}
