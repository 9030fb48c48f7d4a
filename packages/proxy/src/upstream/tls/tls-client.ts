import { readFileSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { PemSource } from '../../config/downstream-tls.ts';
import { Problems } from '../../config/problems.ts';
import { parseStringMatch } from '../../config/string-match.ts';
import type { NameMatch, UpstreamTls } from '../../config/upstream-tls.ts';
import { coversName, peerNames } from './peer-names.ts';

/** TLS towards a cluster's endpoints. Files that have changed hold for the next connection. */
export class TlsClient {
  readonly #config: UpstreamTls;
  readonly #protocols: string[];
  readonly #files: readonly string[];
  readonly #named: ((certificate: PeerCertificate) => boolean) | undefined;
  #context: SecureContext | undefined;
  /** When the files of the context were written. */
  #written: string | undefined;

  /** `protocols` are offered when the configuration names none. */
  constructor(config: UpstreamTls, protocols: readonly string[]) {
    this.#config = config;
    this.#protocols = [...(config.protocols.length > 0 ? config.protocols : protocols)];
    const { certificate, authority, revoked } = config;
    const sources = [certificate?.chain, certificate?.key, authority, revoked];
    this.#files = sources.flatMap((source) => (source?.type === 'file' ? [source.path] : []));
    this.#named = config.names.length > 0 ? anyOf(config.names) : undefined;
  }

  /**
   * Begins TLS on a connection that is being made.
   *
   * @throws Error when there is nothing good to begin it with: the message says what is wrong.
   */
  over(socket: Socket): TLSSocket {
    const { serverName, authority } = this.#config;
    const named = this.#named;
    return connect({
      socket,
      secureContext: this.#secureContext(),
      servername: serverName,
      ...(this.#protocols.length > 0 && { ALPNProtocols: this.#protocols }),
      rejectUnauthorized: authority !== undefined,
      // As Envoy: who is vouched for is good, whatever it is called, unless names are stated.
      checkServerIdentity: (_, certificate) =>
        !named || named(certificate)
          ? undefined
          : new Error(`the certificate is for ${certificate.subjectaltname ?? 'nobody'}`),
    });
  }

  /** The last good one, if what is there now is none: half of a change, say. */
  #secureContext(): SecureContext {
    try {
      const written = this.#files.map((path) => statSync(path).mtimeMs).join();
      if (this.#context && written === this.#written) return this.#context;
      this.#context = this.#read();
      this.#written = written;
      return this.#context;
    } catch (error) {
      if (this.#context) return this.#context;
      throw error;
    }
  }

  #read(): SecureContext {
    const { certificate, authority, revoked, minVersion, maxVersion } = this.#config;
    return createSecureContext({
      ...{ minVersion, maxVersion },
      ...(certificate && { cert: text(certificate.chain), key: text(certificate.key) }),
      ...(authority && { ca: text(authority) }),
      ...(revoked && { crl: text(revoked) }),
    });
  }
}

function text(source: PemSource): string {
  return source.type === 'file' ? readFileSync(source.path, 'utf8') : source.text;
}

function anyOf(matches: readonly NameMatch[]): (certificate: PeerCertificate) => boolean {
  const tests = matches.map(({ kind, matcher }) => {
    const matched = parseStringMatch(matcher, new Problems());
    const { exact } = matcher;
    if (kind !== 'DNS' || typeof exact !== 'string') return { kind, accepts: matched };
    return { kind, accepts: (name: string) => coversName(name, exact) };
  });
  return ({ subjectaltname = '' }) =>
    peerNames(subjectaltname).some(({ kind, name }) =>
      tests.some((each) => each.kind === kind && each.accepts(name)),
    );
}
