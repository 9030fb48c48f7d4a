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

/** What becomes of files. */
export interface PemEvents {
  /** They are good, for the first time or again. */
  changed(pem: Pem): void;
  /** They are not: one can't be read, is no certificate, or not of its key. */
  failed(detail: string): void;
}

/** The certificates and keys that a configuration names, as they are on disk. */
export class PemFiles {
  readonly #config: DownstreamTls;
  readonly #events: PemEvents;
  readonly #paths: readonly string[];
  readonly #listener: StatsListener = () => void this.load();
  #closed = false;

  constructor(config: DownstreamTls, events: PemEvents) {
    this.#config = config;
    this.#events = events;
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

  /** Reads them now. They are read again when one of them changes. */
  async load(): Promise<void> {
    try {
      const pem = await read(this.#config);
      if (this.#closed) return;
      createSecureContext({ ...pem });
      this.#events.changed(pem);
    } catch (error) {
      // Perhaps half of a change: the other half is looked at when it comes.
      if (!this.#closed)
        this.#events.failed(error instanceof Error ? error.message : String(error));
    }
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true;
    for (const path of this.#paths) unwatchFile(path, this.#listener);
  }
}

async function read({ certificates, clientAuthority, revoked }: DownstreamTls): Promise<Pem> {
  return {
    cert: await Promise.all(certificates.map(({ chain }) => text(chain))),
    key: await Promise.all(certificates.map(({ key }) => text(key))),
    ...(clientAuthority ? { ca: await text(clientAuthority) } : {}),
    ...(revoked ? { crl: await text(revoked) } : {}),
  };
}

async function text(source: PemSource): Promise<string> {
  return source.type === 'file' ? await readFile(source.path, 'utf8') : source.text;
}
