import type { Acl, DataResult, NameList, Stat } from '@meshkeeper/jute';
import { parseConnectString } from './connect-string.ts';
import type { Data } from './data.ts';
import type { ObservedClient, Observer, WatchCounts } from './observe/observer.ts';
import { Calls } from './operations/calls.ts';
import { type Created, create } from './operations/create.ts';
import * as ensemble from './operations/ensemble.ts';
import { multi } from './operations/multi.ts';
import {
  multiRead,
  multiReadData,
  type ReadOp,
  type ReadResults,
} from './operations/multi-read.ts';
import type {
  CallOptions,
  CreateOptions,
  ReadOptions,
  VersionOptions,
} from './operations/options.ts';
import * as reads from './operations/read.ts';
import type { TransactionOp, TransactionResults } from './operations/transaction.ts';
import * as watching from './operations/watching.ts';
import * as writes from './operations/write.ts';
import type { Session } from './session/session.ts';
import type { SessionState } from './session/session-state.ts';
import { StateStream } from './session/state-stream.ts';
import type { Watch } from './watches/watch.ts';
import { type AddWatchOptions, WatchKeeper } from './watches/watch-keeper.ts';
import { ZooKeeperError } from './zookeeper-error.ts';

/**
 * A ZooKeeper client: one session. Calls made in one turn of the event loop go out in one write;
 * answers and watch events come in the order of the server. Calls made while the connection is away
 * wait for the next one; calls in flight when it breaks fail with CONNECTION_LOSS. Every call fails
 * with a `ZooKeeperError`, or with its signal's reason.
 */
export class ZooKeeper implements AsyncDisposable, ObservedClient {
  readonly #session: Session;
  readonly #calls: Calls;
  readonly #watches: WatchKeeper;
  readonly #reading: reads.Reading;

  /** Use `connect()`. */
  constructor(session: Session, observer?: Observer) {
    this.#session = session;
    this.#calls = new Calls(session, observer);
    this.#watches = new WatchKeeper(this.#calls);
    this.#reading = { calls: this.#calls, watches: this.#watches };
    if (observer?.notified) session.onNotified = (event) => observer.notified?.(event);
    session.onState((state) => {
      observer?.state?.(state);
      if (session.ended) this.#watches.end(state.type === 'closed');
    });
    observer?.attached?.(this);
  }

  /** Where the session stands now. */
  get state(): SessionState {
    return this.#session.state;
  }

  /** True when no state follows: closed, refused, or expired and not renewed. */
  get ended(): boolean {
    return this.#session.ended;
  }

  /** The newest transaction that this session has seen. */
  get lastZxid(): bigint {
    return this.#session.lastZxid;
  }

  /** How many paths are watched, by the lists that setWatches2 has. */
  get watchCounts(): WatchCounts {
    return this.#session.watches.counts;
  }

  /** The session's states from now on, beginning with the present one; ends with the client. */
  states({ signal }: CallOptions = {}): AsyncIterable<SessionState> {
    return new StateStream(this.#session, signal);
  }

  /** Calls `listener` at each change of the state, at once, until the returned function is called. */
  onState(listener: (state: SessionState) => void): () => void {
    return this.#session.onState(listener);
  }

  /** Creates a znode. `path` in the answer is the whole name, with the sequence number if any. */
  create(path: string, data?: Data, options: CreateOptions = {}): Promise<Created> {
    return create(this.#calls, path, data, options);
  }

  /** Deletes a znode without children. */
  delete(path: string, options: VersionOptions = {}): Promise<void> {
    return writes.remove(this.#calls, path, options);
  }

  /** The znode's Stat, or null when there is none. A watch is left in either case. */
  exists(path: string, options: ReadOptions = {}): Promise<Stat | null> {
    return reads.exists(this.#reading, path, options);
  }

  /** The znode's data (empty when it has none) and Stat. */
  get(path: string, options: ReadOptions = {}): Promise<reads.DataAndStat> {
    return reads.get(this.#reading, path, options);
  }

  /** Replaces a znode's data. */
  set(path: string, data: Data, options: VersionOptions = {}): Promise<Stat> {
    return writes.set(this.#calls, path, data, options);
  }

  /** The names of the children, in no particular order, and the parent's Stat. */
  children(path: string, options: ReadOptions = {}): Promise<reads.ChildrenAndStat> {
    return reads.children(this.#reading, path, options);
  }

  /** How many znodes there are below this one, at any depth. Servers walk their whole tree for it. */
  getAllChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    return reads.getAllChildrenNumber(this.#calls, path, options);
  }

  /** Paths of this session's ephemerals that begin with `prefix`. */
  getEphemerals(prefix = '/', options: CallOptions = {}): Promise<readonly string[]> {
    return reads.getEphemerals(this.#calls, prefix, options);
  }

  /**
   * Does all of the operations or none. Each result is of the kind of its operation.
   * @throws ZooKeeperError of the operation that failed, with its path.
   */
  multi<const T extends readonly TransactionOp[]>(
    operations: T,
    options: CallOptions = {},
  ): Promise<TransactionResults<T>> {
    return multi(this.#calls, operations, options);
  }

  /** Reads several znodes in one request. Each read has a result or an error of its own. */
  multiRead<const T extends readonly ReadOp[]>(
    operations: T,
    options: CallOptions = {},
  ): Promise<ReadResults<T>> {
    return multiRead(this.#calls, operations, options);
  }

  /** `children` for the caches: names are read as they are walked over. @internal */
  childNames(path: string, options: CallOptions = {}): Promise<NameList> {
    return reads.childNames(this.#calls, path, options);
  }

  /** A multiRead of data for the caches: what came, without an object for each part. @internal */
  multiReadData(
    paths: readonly string[],
    options: CallOptions = {},
  ): Promise<readonly DataResult[]> {
    return multiReadData(this.#calls, paths, options);
  }

  /** Waits until this server has caught up with the leader; reads after it see what was written before. */
  sync(path = '/', options: CallOptions = {}): Promise<void> {
    return ensemble.sync(this.#calls, path, options);
  }

  /** The ACL, with secrets masked for those who may not change it. */
  getAcl(path: string, options: CallOptions = {}): Promise<writes.AclAndStat> {
    return writes.getAcl(this.#calls, path, options);
  }

  /** `version` is that of the ACL (`Stat.aversion`). */
  setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    return writes.setAcl(this.#calls, path, acl, options);
  }

  /** Presents credentials, now and at every reconnect: `addAuth('digest', 'user:password')`. */
  addAuth(scheme: string, auth: Uint8Array | string): Promise<void> {
    return this.#session.authenticate(scheme, Buffer.from(auth));
  }

  /** Who this session is to the server. From 3.7 on. */
  whoAmI(options: CallOptions = {}): Promise<readonly ensemble.ClientIdentity[]> {
    return ensemble.whoAmI(this.#calls, options);
  }

  /** The ensemble's configuration (`server.N=…` lines and `version=`), whatever the chroot is. */
  getConfig(options: ReadOptions = {}): Promise<reads.DataAndStat> {
    return reads.getConfig(this.#reading, options);
  }

  /**
   * Changes the members of the ensemble; answers with the new configuration. Needs a server with
   * `reconfigEnabled`, and mostly its super user.
   */
  reconfig(
    change: ensemble.Reconfiguration,
    options: ensemble.ReconfigOptions = {},
  ): Promise<reads.DataAndStat> {
    return ensemble.reconfig(this.#calls, change, options);
  }

  /**
   * Watches a znode (`recursive`: and everything below it) until the watch is closed. After each
   * reconnect it tells `reset`: what happened meanwhile is not replayed.
   * @throws ZooKeeperError UNIMPLEMENTED from servers before 3.6, which close the connection too, unless
   * `poll` is given. They aren't asked again for a minute.
   */
  addWatch(path: string, options: AddWatchOptions = {}): Promise<Watch> {
    return watching.addWatch(this.#watches, path, options);
  }

  /**
   * Watches for one event: of the znode itself (`data`: created, changed, deleted; it need not be
   * there yet) or of its list of `children`. Read after it. `close()` takes it off again.
   */
  watchOnce(path: string, list: watching.OneShotList, options: CallOptions = {}): Promise<Watch> {
    return watching.watchOnce(this.#reading, path, list, options);
  }

  /**
   * Takes one-shot watches off, here and at the server: `watcher`'s, or everybody's; `list`'s, or
   * both. True when there was one. Persistent watches have `close()`.
   */
  removeWatches(path: string, options: watching.RemoveWatchesOptions = {}): Promise<boolean> {
    return watching.removeWatches(this.#reading, path, options);
  }

  /** Asks the server whether this session has a watch there. Persistent lists: from 3.9 on. */
  checkWatches(
    path: string,
    list: watching.WatchList = 'any',
    options: CallOptions = {},
  ): Promise<boolean> {
    return watching.checkWatches(this.#calls, path, list, options);
  }

  /**
   * Takes a new list of servers, `host:port,host:port`. The client stays where it is unless its server
   * is gone from the list or an even spread of all clients wants it to move (ZOOKEEPER-1355); calls in
   * flight are answered first.
   * @throws ZooKeeperError INVALID_ARGUMENT for no list of servers, or one with another chroot.
   */
  updateServers(connect: string): void {
    const { hosts, chroot } = parseConnectString(connect);
    if (chroot !== '/' && chroot !== this.#session.chroot.path) {
      const detail = `the chroot can't change from ${this.#session.chroot.path} to ${chroot}`;
      throw new ZooKeeperError('INVALID_ARGUMENT', { operation: 'updateServers', detail });
    }
    this.#session.updateServers(hosts);
  }

  /** Ends the session: ephemerals go at once, watches end. Idempotent. */
  close(): Promise<void> {
    return this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
