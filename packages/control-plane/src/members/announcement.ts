import { setTimeout as pause } from 'node:timers/promises';
import { PersistentNode } from '@meshkeeper/recipes';
import { joinPath, type Logger, type ZooKeeper } from '@meshkeeper/zookeeper';
import { MEMBERS } from './statement.ts';

/** How a replica is announced. */
export interface AnnouncementOptions {
  readonly zk: ZooKeeper;
  readonly id: string;
  /** What it has to say now. */
  readonly data: () => string;
  readonly logger: Logger;
}

/** Milliseconds between two writes, at least. */
const INTERVAL = 100;
/** Before a write, in milliseconds: data planes that acknowledge at once are in it. */
const GATHERED = 20;
/** Before the znode is made again after an error, in milliseconds. */
const RETRY = 1_000;
/** How long the end waits for ZooKeeper, in milliseconds; the session ends it later. */
const END = 2_000;

/**
 * Keeps this replica's znode: there as long as this is, in whatever session, and with the newest data,
 * which is written when it differs, not more often than ten times a second.
 */
export class Announcement implements AsyncDisposable {
  readonly #options: AnnouncementOptions;
  readonly #path: string;
  readonly #stop = new AbortController();
  #node: PersistentNode;
  #written: string;
  #writing = false;
  #again = false;
  #at = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: AnnouncementOptions) {
    this.#options = options;
    this.#path = joinPath(MEMBERS, options.id);
    this.#written = options.data();
    this.#node = new PersistentNode(options.zk, this.#path, this.#written);
    void this.#keep();
  }

  /** What there is to say may have changed. */
  changed(): void {
    if (this.#stop.signal.aborted || this.#timer !== undefined) return;
    const wait = Math.max(GATHERED, this.#at + INTERVAL - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, wait);
  }

  /** That is what the znode was read as: written over by somebody, it is written again. */
  heard(data: Buffer): void {
    if (this.#writing || this.#timer !== undefined || data.toString() === this.#written) return;
    this.#written = '';
    this.changed();
  }

  /** Deletes the znode. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    const closed = this.#node.close().catch(() => {});
    // Without ZooKeeper the session's end is the end of it.
    if (this.#options.zk.state.type !== 'connected') return;
    const end = new AbortController();
    const late = pause(END, undefined, { signal: end.signal }).catch(() => {});
    await Promise.race([closed, late]);
    end.abort();
  }

  async #write(): Promise<void> {
    if (this.#writing) {
      this.#again = true;
      return;
    }
    const data = this.#options.data();
    if (data === this.#written) return;
    this.#written = data;
    this.#at = performance.now();
    this.#writing = true;
    try {
      await this.#node.setData(data);
    } catch (err) {
      this.#options.logger.warn({ err }, 'the other replicas can not be told of this one');
    }
    this.#writing = false;
    if (!this.#again) return;
    this.#again = false;
    this.changed();
  }

  /** Makes it again when it could not be made. */
  async #keep(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const _ of this.#node.paths({ signal }));
        return;
      } catch (err) {
        if (signal.aborted || this.#options.zk.ended) return;
        this.#options.logger.warn({ err }, 'the other replicas can not be told of this one yet');
      }
      await pause(RETRY, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.#written = this.#options.data();
      this.#node = new PersistentNode(this.#options.zk, this.#path, this.#written);
    }
  }
}
