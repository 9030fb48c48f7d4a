import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@meshkeeper/zookeeper';
import { z } from 'zod';
import { ControlPlaneError } from '../control-plane-error.ts';
import { decodeLine, encodeLine } from '../journal/checked-line.ts';
import { type StoredToken, storedTokenSchema } from './token.ts';

/** What keeps tokens on disk takes. */
export interface LastKnownTokensOptions {
  readonly dataDir: string;
  /** Where the tokens are read from: what was kept of another place is not used. */
  readonly identity: string;
  readonly logger: Logger;
}

/** The file: one line, with its checksum. */
const kept = z.object({
  identity: z.string(),
  tokens: z.array(storedTokenSchema.extend({ name: z.string() })),
});

/** Until a disk that failed is tried again, in milliseconds. */
const RETRY = 30_000;

/**
 * The tokens' hashes on disk, for a start while ZooKeeper is away: those who had one then are served.
 * Nothing waits for it: the newest list is written beside. Only the owner may read the file.
 */
export class LastKnownTokens implements AsyncDisposable {
  readonly #options: LastKnownTokensOptions;
  readonly #path: string;
  /** As they were read last; undefined when that can't be told. */
  readonly last: readonly StoredToken[] | undefined;
  #waiting: readonly StoredToken[] | undefined;
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(
    options: LastKnownTokensOptions,
    path: string,
    last: readonly StoredToken[] | undefined,
  ) {
    this.#options = options;
    this.#path = path;
    this.last = last;
  }

  /**
   * Reads what was kept.
   * @throws ControlPlaneError DATA_DIR when the folder can't be used
   */
  static async open(options: LastKnownTokensOptions): Promise<LastKnownTokens> {
    const folder = join(options.dataDir, 'tokens');
    const path = join(folder, 'tokens.last');
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return new LastKnownTokens(options, path, await readLast(path, options));
    } catch (cause) {
      throw new ControlPlaneError(
        'DATA_DIR',
        `the tokens can't be kept in ${folder}: ${String(cause)}; make the folder writable, or name another with controlPlane.dataDir`,
        { cause },
      );
    }
  }

  /** Keeps these instead. */
  keep(tokens: Iterable<StoredToken>): void {
    this.#waiting = [...tokens];
    this.#write();
  }

  /** Waits until all of it is on disk, or can't be. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    while (this.#writing !== undefined) await this.#writing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #write(): void {
    if (this.#writing !== undefined || this.#waiting === undefined) return;
    clearTimeout(this.#retry);
    const tokens = this.#waiting;
    this.#waiting = undefined;
    this.#writing = this.#put(tokens).then(
      () => {
        this.#writing = undefined;
        this.#write();
      },
      (err) => {
        this.#writing = undefined;
        this.#options.logger.warn({ err, file: this.#path }, 'the tokens can not be kept on disk');
        this.#waiting ??= tokens;
        if (!this.#closed) this.#retry = setTimeout(() => this.#write(), RETRY).unref();
      },
    );
  }

  async #put(tokens: readonly StoredToken[]): Promise<void> {
    const { identity } = this.#options;
    const unfinished = `${this.#path}.new`;
    const file = await open(unfinished, 'w', 0o600);
    try {
      // One that was left by somebody else keeps the mode that it has.
      await file.chmod(0o600);
      await file.writeFile(encodeLine(JSON.stringify({ identity, tokens })));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(unfinished, this.#path);
  }
}

async function readLast(
  path: string,
  { identity, logger }: LastKnownTokensOptions,
): Promise<readonly StoredToken[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const line = decodeLine(text.replace(/\n$/, ''));
  const read = line === undefined ? undefined : kept.safeParse(JSON.parse(line)).data;
  if (read === undefined) logger.warn({ file: path }, 'the tokens on disk can not be used');
  return read?.identity === identity ? read.tokens : undefined;
}
