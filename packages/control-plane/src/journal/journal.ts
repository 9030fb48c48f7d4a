import { type FileHandle, open, rm } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { ServiceChange, Snapshot } from '@meshkeeper/mesh';
import type { Logger } from '@meshkeeper/zookeeper';
import { deltaOf } from './delta.ts';
import { finish, type JournalFile, listFiles, pathsOf } from './journal-files.ts';
import { encodeRecord, type JournalRecord } from './record.ts';
import { type Recorded, replay } from './replay.ts';

/** What a journal takes. */
export interface JournalOptions {
  readonly folder: string;
  /** Tells the files of this process from those of others. */
  readonly run: string;
  readonly logger: Logger;
  /** How much of the past is kept, in bytes of files beside the one in use. Default 64 MiB. */
  readonly keep?: number;
  /** A file is followed by another when its commits take more than its beginning, and this. Default 8 MiB. */
  readonly turnover?: number;
}

/** A commit that waits to be written, and what it has made. */
interface Waiting {
  readonly snapshot: Snapshot;
  readonly at: number;
  /** Undefined when nothing has changed: it was only read again, or restored. */
  readonly record: JournalRecord | undefined;
}

/** Commits are written together, so many milliseconds after the first. */
const FLUSH = 100;
/** Commits that may wait for the disk; beyond that the catalog is written anew instead. */
const MAX_WAITING = 10_000;
/** Until a disk that failed is tried again, in milliseconds. */
const RETRY = 30_000;
/** Services written in one turn of the event loop. */
const SLICE = 50;

/**
 * What the catalog has served, on disk: the last of it is what a control plane starts with when
 * ZooKeeper is away, all of it is its history. Files, each with the whole catalog at its beginning
 * and then what each commit has changed; every line has a checksum.
 *
 * Nothing waits for it: commits are written beside. A disk that is full or slow costs history, not
 * service: the next file begins with the whole catalog again.
 */
export class Journal implements AsyncDisposable {
  readonly #options: JournalOptions;
  /** Complete ones, the oldest first; the last is in use. */
  #files: JournalFile[];
  #handle: FileHandle | undefined;
  /** Bytes of the file's beginning, and of its commits so far. */
  #beginning = 0;
  #written = 0;
  #waiting: Waiting[] = [];
  /** The last that was written, or that the next file begins with. */
  #last: Waiting | undefined;
  #sources: readonly string[] = [];
  /** A new file must be begun: there is none, or commits are missing in the one there is. */
  #anew = true;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: JournalOptions, files: JournalFile[]) {
    this.#options = options;
    this.#files = files;
  }

  /**
   * Opens a journal, and reads what was recorded last.
   * @throws the file system's error when the folder can't be made or read
   */
  static async open(
    options: JournalOptions,
  ): Promise<{ readonly journal: Journal; readonly last: Recorded | undefined }> {
    const files = await listFiles(options.folder);
    let last: Recorded | undefined;
    for (const file of files.toReversed()) {
      last = await replay(file);
      if (last !== undefined) break;
      options.logger.warn({ file: file.path }, 'a file of the journal is damaged, and passed over');
    }
    return { journal: new Journal(options, files), last };
  }

  /** The files that can be read now, the oldest first. */
  get files(): readonly JournalFile[] {
    return this.#files;
  }

  /** Takes a commit. `sources`: those whose part in the snapshot is complete. */
  append(
    snapshot: Snapshot,
    changes: readonly ServiceChange[],
    at: number,
    sources: readonly string[],
  ): void {
    this.#sources = sources;
    const { revision } = snapshot;
    const deltas = changes.map(deltaOf);
    const record: JournalRecord | undefined =
      deltas.length === 0 ? undefined : { type: 'commit', revision, at, changes: deltas };
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting = [];
      this.#anew = true;
    }
    this.#waiting.push({ snapshot, at, record });
    this.#schedule(FLUSH);
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined || this.#waiting.length > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.flush().catch((err) =>
      this.#options.logger.warn({ err }, 'the journal is not whole'),
    );
    await this.#handle?.close();
    this.#handle = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #full(): boolean {
    const { turnover = 8 * 1024 * 1024 } = this.#options;
    return this.#written > Math.max(this.#beginning, turnover);
  }

  #schedule(wait: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush().catch((err) => {
        this.#options.logger.warn({ err }, "the journal can't be written; tried again later");
        this.#anew = true;
        // What is served at the next try is what matters then.
        this.#waiting = this.#waiting.slice(-1);
        if (this.#waiting.length === 0 && this.#last !== undefined) this.#waiting = [this.#last];
        this.#schedule(RETRY);
      });
    }, wait).unref();
  }

  async #write(): Promise<void> {
    // A file begins with what the first of those who wait has made, or the last of the file before.
    if (this.#anew) this.#last = this.#waiting.shift() ?? this.#last;
    if (this.#last !== undefined && (this.#anew || (this.#full() && !this.#closed)))
      await this.#begin(this.#last);
    const commits = this.#waiting;
    this.#waiting = [];
    const text = commits.map(({ record }) => (record ? encodeRecord(record) : '')).join('');
    this.#last = commits.at(-1) ?? this.#last;
    if (text === '') return;
    await this.#handle?.appendFile(text);
    this.#written += Buffer.byteLength(text);
  }

  /** Begins a file with the catalog as it was after a commit, and lets go of the oldest. */
  async #begin({ snapshot, at }: Waiting): Promise<void> {
    const { folder, run, keep = 64 * 1024 * 1024 } = this.#options;
    const number = (this.#files.at(-1)?.number ?? 0) + 1;
    const paths = pathsOf(folder, number);
    const handle = await open(paths.unfinished, 'w');
    let bytes = 0;
    try {
      const { revision } = snapshot;
      const begin: JournalRecord = { type: 'begin', run, revision, at, sources: this.#sources };
      let slice = encodeRecord(begin);
      let count = 0;
      const put = async () => {
        bytes += Buffer.byteLength(slice);
        await handle.appendFile(slice);
        slice = '';
      };
      for (const service of snapshot.services) {
        slice += encodeRecord({ type: 'service', service });
        if (++count % SLICE !== 0) continue;
        await put();
        await turn();
      }
      slice += encodeRecord({ type: 'end', services: count });
      await put();
      await handle.datasync();
      await finish(paths);
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(paths.unfinished, { force: true }).catch(() => {});
      throw error;
    }
    await this.#handle?.close();
    this.#handle = handle;
    this.#anew = false;
    this.#beginning = bytes;
    this.#written = 0;
    this.#files = await listFiles(folder);
    await this.#forget(keep);
  }

  /** Removes the oldest files, as long as those before the one in use hold more than `keep`. */
  async #forget(keep: number): Promise<void> {
    let held = this.#files.slice(0, -1).reduce((sum, { bytes }) => sum + bytes, 0);
    while (held > keep && this.#files.length > 1) {
      const [oldest] = this.#files;
      await rm(oldest!.path, { force: true });
      held -= oldest!.bytes;
      this.#files = this.#files.slice(1);
    }
  }
}
