import {
  type Acl,
  AddWatchMode,
  type CreateMode,
  ErrorCode,
  type OperationName,
  type RequestOf,
  type ResponseOf,
  type Stat,
  WatcherType,
} from '@meshkeeper/jute';
import { parseConnectString } from './connect-string.ts';
import { requestOf } from './connection/request.ts';
import { type Data, toBuffer } from './data.ts';
import { withParents } from './parents.ts';
import { validatePath } from './path.ts';
import type { Session } from './session/session.ts';
import type { SessionState } from './session/session-state.ts';
import { StateStream } from './session/state-stream.ts';
import { createPart, type TransactionOp, type TransactionResult, toPart } from './transaction.ts';
import { Watch } from './watches/watch.ts';
import type { Watcher } from './watches/watch-event.ts';
import type { WatchKind } from './watches/watch-table.ts';
import { ZooKeeperError } from './zookeeper-error.ts';

/** What every call takes. */
export interface CallOptions {
  /** Gives up waiting. A write that is under way may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** What a call takes that can leave a one-shot watch. */
export interface ReadOptions extends CallOptions {
  /** Called once, at the first change after this read, or with `reset` if the session ends before. */
  readonly watch?: Watcher | undefined;
}

/** What `create` takes. */
export interface CreateOptions extends CallOptions {
  /** Default `CreateMode.PERSISTENT`. */
  readonly mode?: CreateMode | undefined;
  /** Default `OPEN_ACL`. */
  readonly acl?: readonly Acl[] | undefined;
  /** Time to live in milliseconds, for the modes with TTL. */
  readonly ttl?: number | undefined;
  /** Creates missing parents too, as containers. Default false: NO_NODE. */
  readonly parents?: boolean | undefined;
}

/** What a write that can be conditional takes. */
export interface VersionOptions extends CallOptions {
  /** The version that the znode must have (else BAD_VERSION). Default -1: any. */
  readonly version?: number | undefined;
}

/**
 * A ZooKeeper client: one session. Calls made in one turn of the event loop go out in one write;
 * answers and watch events come in the order of the server. Calls made while the connection is away
 * wait for the next one; calls in flight when it breaks fail with CONNECTION_LOSS.
 */
export class ZooKeeper implements AsyncDisposable {
  readonly #session: Session;
  readonly #watches = new Set<Watch>();

  /** Use `connect()`. */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Where the session stands now. */
  get state(): SessionState {
    return this.#session.state;
  }

  /** The newest transaction that this session has seen. */
  get lastZxid(): bigint {
    return this.#session.lastZxid;
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
  async create(
    path: string,
    data?: Data,
    options: CreateOptions = {},
  ): Promise<{ readonly path: string; readonly stat: Stat }> {
    // With a sequence number behind it, a path may end with a slash.
    validatePath(path.length > 1 && path.endsWith('/') ? `${path}0` : path, 'create');
    const part = createPart(this.#server(path), { ...options, data });
    const send = () => this.#call(part.op, part.request, path, options.signal);
    const created = await (options.parents
      ? withParents(this, path, options.signal, send)
      : send());
    return { path: this.#session.chroot.strip(created.path), stat: created.stat };
  }

  async delete(path: string, { version = -1, signal }: VersionOptions = {}): Promise<void> {
    validatePath(path, 'delete');
    await this.#call('delete', { path: this.#server(path), version }, path, signal);
  }

  /** The znode's Stat, or null when there is none. A watch is left in either case. */
  async exists(path: string, { watch, signal }: ReadOptions = {}): Promise<Stat | null> {
    validatePath(path, 'exists');
    const server = this.#server(path);
    const body = { path: server, watch: watch !== undefined };
    return new Promise((resolve, reject) => {
      this.#send('exists', body, path, signal, {
        succeed: ({ stat }) => {
          if (watch) this.#session.watches.add('data', server, watch);
          resolve(stat);
        },
        fail: (error, err) => {
          if (err !== ErrorCode.NO_NODE) return reject(error);
          if (watch) this.#session.watches.add('exist', server, watch);
          resolve(null);
        },
      });
    });
  }

  /** The znode's data (empty when it has none) and Stat. */
  async get(
    path: string,
    options: ReadOptions = {},
  ): Promise<{ readonly data: Buffer; readonly stat: Stat }> {
    const { data, stat } = await this.#read('getData', 'data', path, options);
    // A copy: the view would keep alive the whole chunk that came from the socket.
    return { data: data === null ? Buffer.alloc(0) : Buffer.from(data), stat };
  }

  async set(path: string, data: Data, options: VersionOptions = {}): Promise<Stat> {
    validatePath(path, 'setData');
    const body = {
      path: this.#server(path),
      data: toBuffer(data),
      version: options.version ?? -1,
    };
    return (await this.#call('setData', body, path, options.signal)).stat;
  }

  /** The names of the children, in no particular order, and the parent's Stat. */
  async children(
    path: string,
    options: ReadOptions = {},
  ): Promise<{ readonly children: readonly string[]; readonly stat: Stat }> {
    return this.#read('getChildren2', 'child', path, options);
  }

  /**
   * Does all of the operations or none.
   * @throws ZooKeeperError of the operation that failed, with its path.
   */
  async multi(
    operations: readonly TransactionOp[],
    { signal }: CallOptions = {},
  ): Promise<readonly TransactionResult[]> {
    for (const { op, path } of operations)
      validatePath(op === 'create' && path.length > 1 ? path.replace(/\/$/, '/0') : path, op);
    const parts = operations.map((op) => toPart(op, this.#server(op.path)));
    const results = await this.#call('multi', parts, undefined, signal);
    const culprit = results.findIndex(
      (result) =>
        result.op === 'error' &&
        result.err !== ErrorCode.OK &&
        result.err !== ErrorCode.RUNTIME_INCONSISTENCY,
    );
    const failed = culprit === -1 ? results.findIndex(({ op }) => op === 'error') : culprit;
    const failure = results[failed];
    if (failure?.op === 'error') {
      const { op, path } = operations[failed]!;
      throw ZooKeeperError.ofReply(failure.err, { operation: `multi[${failed}] ${op}`, path });
    }
    return results.map((result): TransactionResult => {
      switch (result.op) {
        case 'create2':
          return {
            op: 'create',
            path: this.#session.chroot.strip(result.response.path),
            stat: result.response.stat,
          };
        case 'setData':
          return { op: 'set', stat: result.response.stat };
        default:
          return { op: result.op === 'delete' ? 'delete' : 'check' };
      }
    });
  }

  /** Waits until this server has caught up with the leader; reads after it see what was written before. */
  async sync(path = '/', { signal }: CallOptions = {}): Promise<void> {
    validatePath(path, 'sync');
    await this.#call('sync', { path: this.#server(path) }, path, signal);
  }

  async getAcl(
    path: string,
    { signal }: CallOptions = {},
  ): Promise<{ readonly acl: readonly Acl[]; readonly stat: Stat }> {
    validatePath(path, 'getACL');
    return this.#call('getACL', { path: this.#server(path) }, path, signal);
  }

  /** `version` is that of the ACL (`Stat.aversion`). */
  async setAcl(
    path: string,
    acl: readonly Acl[],
    { version = -1, signal }: VersionOptions = {},
  ): Promise<Stat> {
    validatePath(path, 'setACL');
    const body = { path: this.#server(path), acl, version };
    return (await this.#call('setACL', body, path, signal)).stat;
  }

  /** Presents credentials, now and at every reconnect: `addAuth('digest', 'user:password')`. */
  async addAuth(scheme: string, auth: Uint8Array | string): Promise<void> {
    await this.#session.authenticate(scheme, Buffer.from(auth));
  }

  /**
   * Watches a znode (`recursive`: and everything below it) until the watch is closed. After each
   * reconnect it tells `reset`: what happened meanwhile is not replayed.
   * @throws ZooKeeperError UNIMPLEMENTED from servers before 3.6, which close the connection too.
   */
  async addWatch(
    path: string,
    { recursive = false, signal }: CallOptions & { readonly recursive?: boolean } = {},
  ): Promise<Watch> {
    validatePath(path, 'addWatch');
    const server = this.#server(path);
    const kind: WatchKind = recursive ? 'persistentRecursive' : 'persistent';
    const watch = new Watch(path, (watcher) => {
      this.#watches.delete(watch);
      return this.#removeWatch(kind, server, watcher);
    });
    const mode = recursive ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT;
    await new Promise<void>((resolve, reject) => {
      this.#send('addWatch', { path: server, mode }, path, signal, {
        succeed: () => {
          this.#session.watches.add(kind, server, watch.watcher);
          this.#watches.add(watch);
          // Nobody has it after an abort: it would collect events until the client's end.
          if (signal?.aborted) void watch.close();
          resolve();
        },
        fail: reject,
      });
    });
    return watch;
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
  async close(): Promise<void> {
    await this.#session.close();
    for (const watch of this.#watches) watch.end();
    this.#watches.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #server(path: string): string {
    return this.#session.chroot.add(path);
  }

  async #removeWatch(kind: WatchKind, path: string, watcher: Watcher): Promise<void> {
    if (!this.#session.watches.remove(kind, path, watcher)) return;
    if (this.state.type !== 'connected') return; // the next connection isn't told of it
    const type = kind === 'persistent' ? WatcherType.PERSISTENT : WatcherType.PERSISTENT_RECURSIVE;
    // A server that can't remove it sends events that concern nobody: no harm.
    await this.#call('removeWatches', { path, type }, path, undefined).catch(() => {});
  }

  async #read<N extends 'getData' | 'getChildren2'>(
    operation: N,
    kind: WatchKind,
    path: string,
    { watch, signal }: ReadOptions,
  ): Promise<ResponseOf<N>> {
    validatePath(path, operation);
    const server = this.#server(path);
    // Both operations have the same request, which the compiler can't tell of an N.
    const body = { path: server, watch: watch !== undefined } as RequestOf<N>;
    return new Promise((resolve, reject) => {
      this.#send(operation, body, path, signal, {
        succeed: (response) => {
          if (watch) this.#session.watches.add(kind, server, watch);
          resolve(response);
        },
        fail: reject,
      });
    });
  }

  #call<N extends OperationName>(
    operation: N,
    body: RequestOf<N>,
    path: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ResponseOf<N>> {
    return new Promise((succeed, fail) => {
      this.#send(operation, body, path, signal, { succeed, fail });
    });
  }

  #send<N extends OperationName>(
    operation: N,
    body: RequestOf<N>,
    path: string | undefined,
    signal: AbortSignal | undefined,
    { succeed, fail }: Answer<N>,
  ): void {
    if (signal === undefined) {
      this.#session.send(requestOf(operation, body, path, succeed, fail));
      return;
    }
    if (signal.aborted) {
      fail(signal.reason);
      return;
    }
    const abort = () => fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const done = () => signal.removeEventListener('abort', abort);
    this.#session.send(
      requestOf(
        operation,
        body,
        path,
        (response) => {
          done();
          succeed(response);
        },
        (error, err) => {
          done();
          fail(error, err);
        },
      ),
      signal,
    );
  }
}

/** What follows on an answer, on an error (with the server's code), or on the signal's abort. */
interface Answer<N extends OperationName> {
  succeed(response: ResponseOf<N>): void;
  fail(error: unknown, err?: number): void;
}
