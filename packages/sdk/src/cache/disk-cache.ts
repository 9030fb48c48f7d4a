import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EgressSnapshot } from '@meshkeeper/proxy';
import type { HostPort } from '@meshkeeper/xds';
import type { Logger } from '../logger.ts';

const VERSION = 1;
/** Milliseconds in which changes are written together. */
const QUIET = 1_000;

/** What is kept. */
export interface Kept extends EgressSnapshot {
  /** The control plane's xDS server. */
  readonly xds?: HostPort;
}

interface Written extends Kept {
  readonly version: typeof VERSION;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What was known last, in a file: written whole or not at all, soon after each change. */
export class DiskCache {
  readonly file: string;
  readonly #folder: string;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #take: (() => Kept) | undefined;

  /** @param name of the file, for programs that share the folder */
  constructor(folder: string, name: string, logger: Logger) {
    this.#folder = folder;
    this.file = join(folder, `${encodeURIComponent(name) || 'mesh'}.json`);
    this.#logger = logger;
  }

  /** What was written last; undefined when there is nothing that can be used. */
  async read(): Promise<Written | undefined> {
    try {
      // What is of this version was written by `write`.
      const read = JSON.parse(await readFile(this.file, 'utf8')) as Written;
      return read.version === VERSION ? read : undefined;
    } catch (err) {
      const missing = err instanceof Error && 'code' in err && err.code === 'ENOENT';
      if (!missing) this.#logger.warn({ err, file: this.file }, 'the cache can not be read');
      return undefined;
    }
  }

  /** Writes soon what `take` gives by then. */
  soon(take: () => Kept): void {
    this.#take = take;
    this.#timer ??= setTimeout(() => void this.flush(), QUIET).unref();
  }

  /** Writes now what waits to be written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const take = this.#take;
    this.#take = undefined;
    if (take) this.#writing = this.#writing.then(() => this.#write(take()));
    await this.#writing;
  }

  async #write(snapshot: Kept): Promise<void> {
    const written: Written = { version: VERSION, at: Date.now(), ...snapshot };
    const aside = `${this.file}.${randomUUID()}`;
    try {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(aside, JSON.stringify(written));
      await rename(aside, this.file);
    } catch (err) {
      this.#logger.warn({ err, file: this.file }, 'the cache can not be written');
      await rm(aside, { force: true }).catch(() => {});
    }
  }
}
