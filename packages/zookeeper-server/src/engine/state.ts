import type { Stat } from '@meshkeeper/jute';
import { SessionTable, type StoredSession } from '../sessions/session-table.ts';
import { DataTree, type TreeListener } from '../tree/data-tree.ts';
import type { Change, Txn } from '../tree/txn.ts';
import type { ZNodeFields } from '../tree/znode.ts';

/** What a snapshot says about everything but the znodes. */
export interface ImageHeader {
  /** Last transaction in the image. */
  readonly zxid: bigint;
  readonly lastSessionId: bigint;
  readonly sessions: readonly StoredSession[];
}

/** Where recovery puts what it reads. */
export interface Recoverable {
  /** Forgets all and begins with an image. */
  restore(header: ImageHeader, nodes: Iterable<readonly [string, ZNodeFields]>): void;
  /** Applies one transaction of the log, in order. Those in the image already are skipped. */
  replay(txn: Txn): void;
  readonly lastZxid: bigint;
}

/**
 * Everything that is durable: the znodes, the sessions, and the last transaction. Changes only by
 * transactions, the same way when they are new and when they are replayed.
 */
export class State implements Recoverable {
  readonly tree = new DataTree();
  readonly sessions: SessionTable;
  #lastZxid = 0n;

  constructor(tick: number) {
    this.sessions = new SessionTable(tick);
  }

  get lastZxid(): bigint {
    return this.#lastZxid;
  }

  /** The transaction that makes this change now. */
  txn(change: Change, sessionId: bigint, time: number): Txn {
    return { zxid: this.#lastZxid + 1n, time, sessionId, change };
  }

  /** Applies a transaction; gives for each of its changes the znode's stat, if there is one. */
  apply(txn: Txn, listener?: TreeListener): (Stat | undefined)[] {
    const { change, sessionId } = txn;
    this.#lastZxid = txn.zxid;
    switch (change.type) {
      case 'multi':
        return change.changes.map((part) => this.tree.apply(part, txn, listener));
      case 'createSession': {
        const { timeout, password } = change;
        this.sessions.open({ id: sessionId, timeout, password });
        return [];
      }
      case 'closeSession':
        for (const path of change.paths) this.tree.delete(path, txn, listener);
        this.sessions.close(sessionId);
        return [];
      default:
        return [this.tree.apply(change, txn, listener)];
    }
  }

  restore(header: ImageHeader, nodes: Iterable<readonly [string, ZNodeFields]>): void {
    this.tree.clear();
    this.sessions.clear();
    for (const [path, fields] of nodes) this.tree.restore(path, fields);
    const orphan = this.tree.link();
    if (orphan !== undefined) throw new Error(`the image has no parent for ${orphan}`);
    for (const session of header.sessions) this.sessions.open(session);
    this.sessions.lastId = header.lastSessionId;
    this.#lastZxid = header.zxid;
  }

  replay(txn: Txn): void {
    if (txn.zxid > this.#lastZxid) this.apply(txn);
  }
}
