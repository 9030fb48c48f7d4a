import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Txn } from '../tree/txn.ts';
import { syncDirectory } from './data-files.ts';
import { encodeBatch, encodeMark, LOG_MAGIC } from './log-format.ts';

/** Milliseconds without a write after which a mark says that all before it was synced. */
const IDLE = 20;

/** The newest log file, open for appending. Calls must not overlap. */
export class LogWriter {
  readonly #handle: FileHandle;
  #size: number;
  #idle: NodeJS.Timeout | undefined;
  #marking: Promise<void> | undefined;
  #next = 0n;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
  }

  /** Makes a new file. */
  static async create(path: string): Promise<LogWriter> {
    const handle = await open(path, 'w');
    try {
      await write(handle, LOG_MAGIC, 0);
      await handle.sync();
      await syncDirectory(dirname(path));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new LogWriter(handle, LOG_MAGIC.length);
  }

  /** Goes on with a file after its good part; what a crash left behind that is cut off for good. */
  static async resume(path: string, size: number): Promise<LogWriter> {
    const handle = await open(path, 'r+');
    try {
      await handle.truncate(size);
      await handle.sync();
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new LogWriter(handle, size);
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the batch is on disk. After a rejection the file must not be written any more. */
  async append(txns: readonly Txn[]): Promise<void> {
    clearTimeout(this.#idle);
    await this.#marking;
    const bytes = encodeBatch(txns);
    await write(this.#handle, bytes, this.#size);
    await this.#handle.datasync();
    this.#size += bytes.length;
    this.#next = (txns.at(-1)?.zxid ?? 0n) + 1n;
    this.#idle = setTimeout(() => {
      this.#marking = this.#mark();
    }, IDLE);
    this.#idle.unref();
  }

  /** Idempotent. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#marking;
    if (this.#next > 0n) await this.#mark();
    await this.#handle.close();
  }

  /** Not synced, and no harm if it fails: it only makes damage before it tellable from a crash. */
  async #mark(): Promise<void> {
    const bytes = encodeMark(this.#next);
    this.#next = 0n;
    try {
      await write(this.#handle, bytes, this.#size);
      this.#size += bytes.length;
    } catch {}
    this.#marking = undefined;
  }
}

async function write(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
