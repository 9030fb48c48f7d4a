import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { DownstreamTls, PemSource } from '../config/downstream-tls.ts';

/** Certificates and keys as Node's TLS takes them. */
export interface Pem {
  readonly cert: string[];
  readonly key: string[];
  readonly ca?: string;
  readonly crl?: string;
}

/** Milliseconds between two looks at a file. */
const INTERVAL = 1_000;

/** A certificate or a key that can't be used; the message says which, and why. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/**
 * Reads what `config` names.
 *
 * @throws CertificateError when a file can't be read, or what is in it is no certificate, or not of
 * its key.
 */
export async function loadPem(config: DownstreamTls): Promise<Pem> {
  const { certificates, clientAuthority, revoked } = config;
  try {
    const pem: Pem = {
      cert: await Promise.all(certificates.map(({ chain }) => text(chain))),
      key: await Promise.all(certificates.map(({ key }) => text(key))),
      ...(clientAuthority ? { ca: await text(clientAuthority) } : {}),
      ...(revoked ? { crl: await text(revoked) } : {}),
    };
    createSecureContext({ ...pem });
    return pem;
  } catch (cause) {
    const told = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError(`common_tls_context: ${told}`, { cause });
  }
}

async function text(source: PemSource): Promise<string> {
  return source.type === 'file' ? await readFile(source.path, 'utf8') : source.text;
}

/** Tells when files that `config` names have changed, and what is good in them now. */
export class PemFiles {
  readonly #config: DownstreamTls;
  readonly #paths: readonly string[];
  readonly #changed: (pem: Pem) => void;
  readonly #listener: StatsListener = () => void this.#reload();
  #closed = false;

  constructor(config: DownstreamTls, changed: (pem: Pem) => void) {
    this.#config = config;
    this.#changed = changed;
    const { certificates, clientAuthority, revoked } = config;
    const sources = [
      ...certificates.flatMap(({ chain, key }) => [chain, key]),
      ...[clientAuthority, revoked].filter((source) => source !== undefined),
    ];
    this.#paths = sources.flatMap((source) => (source.type === 'file' ? [source.path] : []));
    for (const path of this.#paths) {
      watchFile(path, { interval: INTERVAL, persistent: false }, this.#listener);
    }
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true;
    for (const path of this.#paths) unwatchFile(path, this.#listener);
  }

  async #reload(): Promise<void> {
    try {
      const pem = await loadPem(this.#config);
      if (!this.#closed) this.#changed(pem);
    } catch {
      // Half of a change, or a bad one: what was good last goes on, and the next change is looked at.
    }
  }
}
