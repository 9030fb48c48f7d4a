import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { explainKey, isEncrypted, missingPassphrase } from './private-key.ts';
import type { TlsFiles } from './tls-options.ts';

/** Certificates and keys in files, read again when one of them has changed. Nothing is watched. */
export class PemFiles {
  readonly #files: TlsFiles;
  #versions = '';
  #context: SecureContext | undefined;

  /** @throws Error for a certificate without a key, or the other way round. */
  constructor(files: TlsFiles) {
    if ((files.certFile === undefined) !== (files.keyFile === undefined))
      throw new Error('tls.certFile and tls.keyFile belong together: write both or none');
    this.#files = files;
  }

  /** @throws Error for a key that these options can never open. A file may yet come. */
  async check(): Promise<void> {
    const { keyFile, passphrase } = this.#files;
    if (keyFile === undefined || passphrase !== undefined) return;
    const key = await readFile(keyFile).catch(() => '');
    if (isEncrypted(key)) throw missingPassphrase(keyFile);
  }

  /** A context of what the files hold now. @throws Error that names the file. */
  async current(): Promise<SecureContext> {
    const { caFile, certFile, keyFile, passphrase } = this.#files;
    const paths = [caFile, certFile, keyFile];
    const versions = (await Promise.all(paths.map(versionOf))).join();
    if (this.#context !== undefined && versions === this.#versions) return this.#context;
    const [ca, cert, key] = await Promise.all(paths.map(read));
    try {
      this.#context = createSecureContext({ ca, cert, key, passphrase });
    } catch (cause) {
      const named = paths.filter((path) => path !== undefined).join(', ');
      const { message } = explainKey([key ?? []].flat(), passphrase, `${keyFile}`, cause);
      throw new Error(`${named} can't be used for TLS: ${message}`, { cause });
    }
    // Of before the reading: what changes meanwhile is read again next time.
    this.#versions = versions;
    return this.#context;
  }
}

/** Changes when the file is written or replaced. */
async function versionOf(path: string | undefined): Promise<string> {
  if (path === undefined) return '';
  const { mtimeNs, size, ino } = await stat(path, { bigint: true });
  return `${mtimeNs}/${size}/${ino}`;
}

async function read(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : readFile(path);
}
