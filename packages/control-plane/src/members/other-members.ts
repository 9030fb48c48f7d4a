import { setTimeout as pause } from 'node:timers/promises';
import { watchTree } from '@meshkeeper/registries';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { MEMBERS, type Statement } from './statement.ts';
import { decodeStatement } from './statement-format.ts';

/** Another replica. */
export interface Member {
  readonly id: string;
  readonly path: string;
  /** What it says; undefined when that can't be made out. */
  readonly said: Statement | undefined;
}

/** What is known of the others. */
export type Knowledge =
  /** All of them, as they are. */
  | 'all'
  /** They are being read. */
  | 'reading'
  /** ZooKeeper is away: they are what they were. */
  | 'away';

/** With what the others are followed. */
export interface OtherMembersOptions {
  readonly zk: ZooKeeper;
  /** This one's. */
  readonly id: string;
  /** Is told when something has changed. */
  readonly changed: () => void;
  /** Is told what this one's znode holds. */
  readonly heard: (data: Buffer) => void;
  readonly logger: Logger;
}

/** Before they are followed again after an error, in milliseconds. */
const PAUSE = 1_000;

/** The other replicas. With ZooKeeper away they are what they were last. */
export class OtherMembers implements AsyncDisposable {
  readonly #options: OtherMembersOptions;
  readonly #members = new Map<string, Member>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #unsubscribe: () => void;
  #complete = false;

  constructor(options: OtherMembersOptions) {
    this.#options = options;
    this.#unsubscribe = options.zk.onState(({ type }) => {
      // What is read after it connects again counts.
      if (type !== 'connected') this.#complete = false;
      options.changed();
    });
    this.#following = this.#follow();
  }

  /** In the order of their ids. */
  get list(): readonly Member[] {
    return [...this.#members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get knowledge(): Knowledge {
    if (this.#options.zk.state.type !== 'connected') return 'away';
    return this.#complete ? 'all' : 'reading';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const { zk, logger, changed } = this.#options;
    const barred = new Set<string>();
    const unreadable = (path: string, err: Error) => {
      logger.warn({ path, err }, "what a replica says can't be read");
      barred.add(path);
    };
    while (!signal.aborted) {
      try {
        for await (const event of watchTree(zk, MEMBERS, { signal, unreadable })) {
          if (event.type === 'changes') {
            for (const { path } of event.removed) this.#members.delete(path);
            for (const { path, data, stat } of event.upserted) {
              // What is not bound to a session is no replica's.
              if (stat.ephemeralOwner === 0n) this.#members.delete(path);
              else this.#take(path, data);
            }
            // They were told of before the event, which says that they are not what they were.
            for (const path of barred) this.#take(path, undefined);
            barred.clear();
          } else this.#complete = event.type === 'complete' && zk.state.type === 'connected';
          changed();
        }
      } catch (err) {
        this.#complete = false;
        if (signal.aborted || zk.ended) return;
        logger.warn({ err }, 'the other replicas can not be followed: trying again');
      }
      await pause(PAUSE, undefined, { signal }).catch(() => {});
    }
  }

  #take(path: string, data: Buffer | undefined): void {
    const id = path.slice(MEMBERS.length + 1);
    if (id === '' || id.includes('/')) return;
    if (id === this.#options.id) {
      if (data !== undefined) this.#options.heard(data);
      return;
    }
    const said = data && decodeStatement(data);
    const before = this.#members.get(path);
    if (
      data !== undefined &&
      said === undefined &&
      (before === undefined || before.said !== undefined)
    )
      this.#options.logger.warn({ path }, "what a replica says can't be made out");
    this.#members.set(path, { id, path, said });
  }
}
