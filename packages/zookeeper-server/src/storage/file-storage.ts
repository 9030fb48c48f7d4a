import { mkdir, readFile, unlink } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { Recoverable } from '../engine/state.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { ZooKeeperServerError } from '../server-error.ts';
import type { Txn } from '../tree/txn.ts';
import { type DataFile, dataFile, listDataFiles } from './data-files.ts';
import { LockFile } from './lock-file.ts';
import { corrupt, readLog } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';
import { decodeSnapshot } from './snapshot-format.ts';
import { writeSnapshot } from './snapshot-writer.ts';
import type { Image, Storage } from './storage.ts';

/** How a {@link FileStorage} keeps house. */
export interface FileStorageOptions {
  /** Transactions after which a snapshot is due. Default 100,000. */
  readonly snapshotEvery?: number | undefined;
  /** Bytes after which a snapshot is due and the log goes on in a new file. Default 64 MiB. */
  readonly logBytes?: number | undefined;
  readonly logger?: Logger | undefined;
}

/** Snapshots that are kept, with the logs that lead on from the oldest of them. */
const RETAINED = 3;

/** Keeps the state in a directory: an append-only log and snapshots. */
export class FileStorage implements Storage {
  readonly location: string;
  readonly #snapshotEvery: number;
  readonly #logBytes: number;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #lock: LockFile | undefined;
  #log: LogWriter | undefined;
  #durableZxid = 0n;
  #txnsSince = 0;
  #bytesSince = 0;
  #snapshotting: Promise<void> | undefined;
  #appending: Promise<void> | undefined;

  constructor(dir: string, options: FileStorageOptions = {}) {
    this.location = dir;
    this.#snapshotEvery = options.snapshotEvery ?? 100_000;
    this.#logBytes = options.logBytes ?? 64 * 1024 * 1024;
    this.#logger = options.logger ?? silentLogger;
  }

  get snapshotDue(): boolean {
    return this.#txnsSince >= this.#snapshotEvery || this.#bytesSince >= this.#logBytes;
  }

  async recover(into: Recoverable): Promise<void> {
    try {
      await mkdir(this.location, { recursive: true });
      this.#lock = await LockFile.acquire(this.location);
      await this.#restore(into);
      await this.#replay(into);
      this.#durableZxid = into.lastZxid;
    } catch (error) {
      await this.close();
      if (error instanceof ZooKeeperServerError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new ZooKeeperServerError(
        'storage-failed',
        `The data directory ${this.location} could not be read: ${reason}. See that it is a directory that this user may read and write.`,
        { cause: error },
      );
    }
  }

  append(txns: readonly Txn[]): Promise<void> {
    this.#appending = this.#append(txns);
    return this.#appending;
  }

  snapshot(image: Image): Promise<void> {
    this.#snapshotting = this.#snapshot(image);
    return this.#snapshotting;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await Promise.allSettled([this.#snapshotting, this.#appending]);
    const [log, lock] = [this.#log, this.#lock];
    this.#log = undefined;
    this.#lock = undefined;
    await log?.close();
    await lock?.release();
  }

  /** Takes the newest snapshot that is whole; the logs from an older one on are still there. */
  async #restore(into: Recoverable): Promise<void> {
    for (const { path } of (await listDataFiles(this.location, 'snapshot')).reverse()) {
      const snapshot = decodeSnapshot(await readFile(path));
      if (snapshot) {
        into.restore(snapshot.header, snapshot.nodes);
        return;
      }
      this.#logger.warn({ path }, 'a snapshot is damaged; an older one is used');
    }
  }

  async #replay(into: Recoverable): Promise<void> {
    const logs = await listDataFiles(this.location, 'log');
    for (const [i, log] of logs.entries()) {
      const newest = i === logs.length - 1;
      // Everything in it is in the snapshot if the next one begins there already.
      if (!newest && logs[i + 1]!.zxid <= into.lastZxid + 1n) continue;
      const bytes = await readFile(log.path);
      const good = readLog({ file: log.path, bytes, first: log.zxid, newest }, (txn) => {
        this.#replayOne(into, txn, log);
      });
      if (!newest) continue;
      if (good < bytes.length)
        this.#logger.warn(
          { path: log.path, offset: good, bytes: bytes.length - good },
          'the end of the log was not written whole, and is dropped: nothing in it was acknowledged',
        );
      if (good > 0) this.#log = await LogWriter.resume(log.path, good);
    }
  }

  #replayOne(into: Recoverable, txn: Txn, log: DataFile): void {
    if (txn.zxid > into.lastZxid + 1n) {
      const gap = `goes on with transaction 0x${txn.zxid.toString(16)} where 0x${(into.lastZxid + 1n).toString(16)} is missing,`;
      throw corrupt(log.path, 0, gap);
    }
    try {
      into.replay(txn);
    } catch (cause) {
      throw corrupt(log.path, 0, `does not fit the state before transaction ${txn.zxid},`, cause);
    }
    this.#txnsSince++;
  }

  async #append(txns: readonly Txn[]): Promise<void> {
    const [first] = txns;
    if (first === undefined) return;
    if (this.#log && this.#log.size >= this.#logBytes) {
      const full = this.#log;
      this.#log = undefined;
      await full.close();
    }
    this.#log ??= await LogWriter.create(dataFile(this.location, 'log', first.zxid).path);
    const before = this.#log.size;
    await this.#log.append(txns);
    this.#durableZxid = txns.at(-1)?.zxid ?? first.zxid;
    this.#txnsSince += txns.length;
    this.#bytesSince += this.#log.size - before;
  }

  async #snapshot(image: Image): Promise<void> {
    this.#txnsSince = 0;
    this.#bytesSince = 0;
    const { path } = dataFile(this.location, 'snapshot', image.header.zxid);
    const reached = () => this.#reached(image.header.zxid);
    await writeSnapshot(path, image, reached, this.#abort.signal);
    await this.#purge();
  }

  /** The image may be ahead of the disk: a snapshot must not hold what the log could still lose. */
  async #reached(zxid: bigint): Promise<void> {
    while (this.#durableZxid < zxid) await setTimeout(5, undefined, { signal: this.#abort.signal });
  }

  /** Removes what is older than the oldest snapshot that is kept. */
  async #purge(): Promise<void> {
    const snapshots = await listDataFiles(this.location, 'snapshot');
    const oldest = snapshots.at(-RETAINED);
    if (oldest === undefined) return;
    for (const { path } of snapshots.slice(0, -RETAINED)) await unlink(path);
    const logs = await listDataFiles(this.location, 'log');
    for (const [i, { path }] of logs.entries()) {
      const next = logs[i + 1];
      if (next && next.zxid <= oldest.zxid + 1n) await unlink(path);
    }
  }
}
