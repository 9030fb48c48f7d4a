import {
  decodeImage,
  encodeImage,
  type LiveConfig,
  type LiveImage,
  type SecretId,
  type SecretVault,
} from '@meshkeeper/config';
import type { Logger } from '@meshkeeper/zookeeper';
import { LastKnownFile } from '../last-known/last-known-file.ts';

/** What keeps configuration on disk takes. */
export interface LastKnownOptions {
  readonly dataDir: string;
  /** Where it is read from: what was kept of another place is not used. */
  readonly identity: string;
  readonly logger: Logger;
  /** Until the next write, after one, in milliseconds. Default 5,000, and never less than 20 times what one takes. */
  readonly interval?: number;
}

/** What was there before a restart. */
export interface Restored {
  readonly image: LiveImage;
  /** Of secrets, by their znodes. */
  readonly envelopes: ReadonlyMap<string, Buffer>;
}

/** The first line of the file. */
interface Begin {
  readonly identity: string;
  /** Lines that follow. */
  readonly envelopes: number;
  readonly lines: number;
}

const INTERVAL = 5_000;
/** Of the time, so much is spent writing, at most: one part of these. */
const SHARE = 20;
/** Although nothing is new it is written so often, in milliseconds: envelopes are encrypted anew. */
const REFRESH = 600_000;
/** How long ZooKeeper has for envelopes, in milliseconds. */
const PATIENCE = 10_000;

/**
 * What instances get, on disk: for a start while ZooKeeper is away. Secrets are in their envelopes, as they
 * are in ZooKeeper. Nobody waits for it; it is written beside, and not more often than is good.
 */
export class LastKnownConfiguration implements AsyncDisposable {
  readonly #options: LastKnownOptions;
  readonly #file: LastKnownFile;
  readonly #stop = new AbortController();
  #live: LiveConfig | undefined;
  #vault: SecretVault | undefined;
  #off: (() => void) | undefined;
  #dirty = false;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Not before, in milliseconds of the process. */
  #next = 0;

  private constructor(options: LastKnownOptions, file: LastKnownFile) {
    this.#options = options;
    this.#file = file;
  }

  /**
   * Reads what was kept; of what is broken, or of another ensemble, nothing.
   * @throws ControlPlaneError DATA_DIR when the folder can't be used
   */
  static async open(
    options: LastKnownOptions,
  ): Promise<{ readonly keeper: LastKnownConfiguration; readonly restored?: Restored }> {
    const { dataDir } = options;
    const [folder, name] = ['configuration', 'configuration.last'];
    const place = { dataDir, folder, name, what: 'configuration' };
    const { file, last } = await LastKnownFile.open(place, (each) => readLast(each, options));
    return { keeper: new LastKnownConfiguration(options, file), ...(last && { restored: last }) };
  }

  /** Keeps what this has from now on. */
  follow(live: LiveConfig, vault: SecretVault | undefined): void {
    this.#live = live;
    this.#vault = vault;
    this.#off = live.onChange(() => this.#changed());
  }

  /** Writes what is not written yet. Idempotent. */
  async close(): Promise<void> {
    this.#off?.();
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#writing;
    if (this.#dirty) await this.#write();
    clearTimeout(this.#timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #changed(): void {
    this.#dirty = true;
    if (this.#writing === undefined) this.#plan(this.#next - performance.now());
  }

  #plan(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#write(), Math.max(wait, 0)).unref();
  }

  async #write(): Promise<void> {
    // What is half known would be taken for all there is.
    if (this.#live === undefined || this.#live.stale) return;
    const { interval = INTERVAL, logger } = this.#options;
    this.#dirty = false;
    const begun = performance.now();
    this.#writing = this.#put(this.#live.image).catch((err: unknown) => {
      this.#dirty = true;
      logger.warn({ err, file: this.#file.path }, 'configuration can not be kept on disk');
    });
    await this.#writing;
    this.#writing = undefined;
    const now = performance.now();
    this.#next = now + Math.max(interval, SHARE * (now - begun));
    this.#plan(this.#dirty ? this.#next - now : REFRESH);
  }

  async #put(image: LiveImage): Promise<void> {
    const { identity } = this.#options;
    const envelopes = await this.#envelopes(image);
    const lines = [...encodeImage(image)];
    const begin: Begin = { identity, envelopes: envelopes.size, lines: lines.length };
    await this.#file.write(
      (function* () {
        yield JSON.stringify(begin);
        for (const [path, data] of envelopes) yield JSON.stringify([path, data.toString()]);
        yield* lines;
      })(),
    );
  }

  /** The envelopes of all secrets that somebody gets; those that there are when ZooKeeper goes away. */
  async #envelopes(image: LiveImage): Promise<ReadonlyMap<string, Buffer>> {
    if (this.#vault === undefined) return new Map();
    const signal = AbortSignal.timeout(PATIENCE);
    const envelopes = await this.#vault.envelopes(secretsOf(image), signal);
    this.#vault.keep(envelopes);
    return envelopes;
  }
}

function* secretsOf({ namespaces }: LiveImage): Generator<SecretId> {
  for (const [text, namespace] of namespaces) {
    const [application = '', name = ''] = text.split('/');
    for (const { entries } of namespace.contents())
      for (const entry of entries.values())
        if (entry.type === 'secret') yield { application, namespace: name, id: entry.secret };
  }
}

async function readLast(
  file: LastKnownFile,
  { identity, logger }: LastKnownOptions,
): Promise<Restored | undefined> {
  for await (const { path, lines } of file.versions())
    try {
      const [first, ...rest] = lines.map(whole);
      const begin = JSON.parse(first ?? '') as Begin; // its checksum says that `#put` wrote it
      if (begin.identity !== identity) {
        logger.warn(
          { file: path },
          'the configuration on disk is of another ensemble: it is not used',
        );
        return undefined;
      }
      if (rest.length !== begin.envelopes + begin.lines) throw new Error('it is not whole');
      const envelopes = rest.slice(0, begin.envelopes).map((line): [string, Buffer] => {
        const [at, data] = JSON.parse(line) as [string, string];
        return [at, Buffer.from(data)];
      });
      return {
        image: decodeImage(rest.slice(begin.envelopes)),
        envelopes: new Map(envelopes),
      };
    } catch (err) {
      logger.warn({ file: path, err }, 'the configuration on disk is damaged: it is not used');
    }
  return undefined;
}

function whole(line: string | undefined): string {
  if (line === undefined) throw new Error('it is not as it was written');
  return line;
}
