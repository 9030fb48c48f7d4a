import type { Logger } from '@meshkeeper/zookeeper';
import { z } from 'zod';
import { LastKnownFile } from '../last-known/last-known-file.ts';
import { NewestWriter } from '../last-known/newest-writer.ts';
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

const WHAT = 'the tokens';

/**
 * The tokens' hashes on disk, for a start while ZooKeeper is away: those who had one then are served.
 * Nothing waits for it: the newest list is written beside.
 */
export class LastKnownTokens implements AsyncDisposable {
  readonly #identity: string;
  readonly #writer: NewestWriter;
  /** As they were read last; undefined when that can't be told. */
  readonly last: readonly StoredToken[] | undefined;

  private constructor(
    { identity, logger }: LastKnownTokensOptions,
    file: LastKnownFile,
    last: readonly StoredToken[] | undefined,
  ) {
    this.#identity = identity;
    this.#writer = new NewestWriter(file, WHAT, logger);
    this.last = last;
  }

  /**
   * Reads what was kept.
   * @throws ControlPlaneError DATA_DIR when the folder can't be used
   */
  static async open(options: LastKnownTokensOptions): Promise<LastKnownTokens> {
    const { dataDir } = options;
    const place = { dataDir, folder: 'tokens', name: 'tokens.last', what: WHAT };
    const { file, last } = await LastKnownFile.open(place, (each) => readLast(each, options));
    return new LastKnownTokens(options, file, last);
  }

  /** Keeps these instead. */
  keep(tokens: Iterable<StoredToken>): void {
    this.#writer.keep([JSON.stringify({ identity: this.#identity, tokens: [...tokens] })]);
  }

  /** Waits until all of it is on disk, or can't be. Idempotent. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function readLast(
  file: LastKnownFile,
  { identity, logger }: LastKnownTokensOptions,
): Promise<readonly StoredToken[] | undefined> {
  for await (const { path, lines } of file.versions()) {
    const [line] = lines;
    const read = line === undefined ? undefined : kept.safeParse(JSON.parse(line)).data;
    if (read === undefined) logger.warn({ file: path }, 'the tokens on disk can not be used');
    return read?.identity === identity ? read.tokens : undefined;
  }
  return undefined;
}
