import type { Logger } from '@meshkeeper/zookeeper';
import type { LastKnownFile } from './last-known-file.ts';

/** Until a disk that failed is tried again, in milliseconds. */
const RETRY = 30_000;

/** Writes the newest of what it is given, beside: nobody waits for it. */
export class NewestWriter implements AsyncDisposable {
  readonly #file: LastKnownFile;
  readonly #what: string;
  readonly #logger: Logger;
  #waiting: Iterable<string> | undefined;
  #writing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param what it is, in the plural, for the log */
  constructor(file: LastKnownFile, what: string, logger: Logger) {
    this.#file = file;
    this.#what = what;
    this.#logger = logger;
  }

  /** Keeps these lines instead of all before. They are gone through when they are written, maybe twice. */
  keep(lines: Iterable<string>): void {
    this.#waiting = lines;
    this.#write();
  }

  /** Waits until the last is on disk, or can't be. Idempotent. */
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
    const lines = this.#waiting;
    this.#waiting = undefined;
    this.#writing = this.#file.write(lines).then(
      () => {
        this.#writing = undefined;
        this.#write();
      },
      (err) => {
        this.#writing = undefined;
        const { path } = this.#file;
        this.#logger.warn({ err, file: path }, `${this.#what} can not be kept on disk`);
        this.#waiting ??= lines;
        if (!this.#closed) this.#retry = setTimeout(() => this.#write(), RETRY).unref();
      },
    );
  }
}
